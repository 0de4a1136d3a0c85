// SPDX-License-Identifier: Apache-2.0

/// One kind of `bd list`.
struct BdListing: Sendable, Hashable {
  /// The options that say which beads.
  var filters: [String]
  /// Whether closed beads are among them; later versions leave them out unless they are asked.
  var includesClosed: Bool

  static let agents = all(ofType: "agent")

  static func all(ofType type: String) -> BdListing { BdListing(filters: ["--type=\(type)"], includesClosed: true) }

  /// The open messages that are assigned to an address.
  static func mail(to identity: String) -> BdListing {
    BdListing(filters: ["--type=message", "--assignee=\(identity)", "--status=open"], includesClosed: false)
  }

  /// The open messages of which an address was sent a copy.
  static func copies(to label: String) -> BdListing {
    BdListing(filters: ["--type=message", "--label=\(label)", "--status=open"], includesClosed: false)
  }

  /// The command line, for a `bd` that knows these options.
  func arguments(knowing options: Set<String>) -> [String] {
    let all = includesClosed && options.contains("--all") ? ["--all"] : []
    let flat = options.contains("--flat") ? ["--flat"] : []
    // Without it later versions end at 50 rows, and where CLAUDE_CODE is set at 20.
    return ["list"] + filters + all + ["--limit=0"] + flat + ["--json"]
  }
}
