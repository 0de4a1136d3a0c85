// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt session crash`.
struct SessionCrashCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crash", abstract: "Show the report on one death, with the last words.",
    discussion: "Reads the report (capsule) in daemon/crashes, whether or not the daemon is running.")

  @Argument(
    help: """
      The capsule's id, as shown by `gt session crashes` and the journal, the beginning of it, `last`, or an agent's \
      address for its newest.
      """, completion: .crash)
  var id: String
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let layout = try options.layout(using: "session crash")
      let capsules = CrashCapsules(layout: layout)
      let capsule = try capsules.read(try Self.find(id, in: try capsules.ids(), layout: layout))
      if json { return try printJSON(capsule) }
      print(CapsuleText.lines(capsule, path: capsules.path(of: capsule.id)).joined(separator: "\n"))
    }
  }

  /// - Parameter ids: the newest first.
  static func find(_ text: String, in ids: [String], layout: TownLayout) throws -> String {
    let advice = "see them with: gt session crashes"
    if text == "last" {
      guard let newest = ids.first else { throw CommandRefusal("there are no capsules in \(layout.crashes)") }
      return newest
    }
    if ids.contains(text) { return text }
    if let agent = try? AddressBook(layout: layout).agent(text, in: TownOptions.currentRig(layout)) {
      guard let newest = ids.first(where: { CrashCapsule.session(ofID: $0) == agent.session }) else {
        throw CommandRefusal("there is no crash report on \(agent.address); \(advice)")
      }
      return newest
    }
    let matching = text.isEmpty ? [] : ids.filter { $0.hasPrefix(text) }
    switch matching.count {
    case 1: return matching[0]
    case 0: throw CommandRefusal("no capsule \(quotedForDisplay(text)) in \(layout.crashes); \(advice)")
    default:
      let some = matching.prefix(3).joined(separator: ", ")
      throw CommandRefusal(
        "\(quotedForDisplay(text)) is the beginning of \(matching.count) capsules (\(some)\(matching.count > 3 ? ", …" : ""));"
          + " give more of it, or \(advice)")
    }
  }
}
