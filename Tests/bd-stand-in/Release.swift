// SPDX-License-Identifier: Apache-2.0

/// Which release of `bd` is played: 0.41, or the one that the file `stand-in-version` in the `.beads` directory names,
/// such as `0.59`. Words behind the number play what some towns have seen: `envelope` puts all JSON into
/// `{"data": …}`, `hides` has `show` not find what is ephemeral, `silent` prints nothing for an empty list, `capped`
/// ends each list at 50 rows whatever `--limit` says, `tree` prints a tree without `--flat` and does not speak of it.
///
/// What changed when, with where it is known from:
///
/// - 0.42: a list ends at 50 rows, at 20 where CLAUDE_CODE is set, and leaves closed beads out (gastownhall/beads#1840,
///   #3212; subsy/ralph-tui#233)
/// - 0.51: Dolt keeps the beads: times are read in whole seconds, a create of an id that is there writes over it, what is
///   deleted is gone, agents and messages are ephemeral, `show` of nothing ends with 1 (recordings of 1.0)
/// - 0.58: an empty list is a sentence in spite of `--json` (gastownhall/gastown#2399); 1.0 prints `[]` again
/// - 0.59: a list is a tree in spite of `--json`, unless `--flat` is given (gastownhall/beads#2506, #5362); 1.0 prints
///   JSON again; there is no `sync` (gastownhall/beads#2435)
/// - 1.0: errors are objects on standard error, each call warns of permissions (recordings of 1.0.2)
/// - 1.0.5: a list that was cut says so (recordings of 1.0.5)
struct Release {
  var number = [0, 41, 0]
  var words: Set<String> = []

  static func read(from place: Place?) -> Release {
    var release = Release()
    guard let bytes = place?.read("stand-in-version") else { return release }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
    let number = (words.first ?? "").split(separator: ".").compactMap { Int($0) }
    release.number = number + Array(repeating: 0, count: max(0, 3 - number.count))
    release.words = Set(words.dropFirst())
    return release
  }

  var name: String { number.map(String.init).joined(separator: ".") }

  private func isSince(_ other: Int...) -> Bool { !number.lexicographicallyPrecedes(other) }

  var limits: Bool { isSince(0, 42) }
  var isDolt: Bool { isSince(0, 51) }
  var saysEmpty: Bool { isSince(0, 58) && !isSince(1, 0) }
  var knowsFlat: Bool { isSince(0, 59) || words.contains("tree") }
  var printsTree: Bool { isSince(0, 59) && !isSince(1, 0) || words.contains("tree") }
  var hasSync: Bool { !isSince(0, 59) }
  var hasSlots: Bool { !isDolt }
  var hasObjectErrors: Bool { isSince(1, 0) }
  var tellsCuts: Bool { isSince(1, 0, 5) }
  var statuses: Set<String> { isDolt ? StandIn.statuses.subtracting(["tombstone"]) : StandIn.statuses }

  /// What `bd list --help` prints, as far as it is read.
  var help: String {
    let flat = "      --flat                         Disable tree format and use legacy flat list output\n"
    return """
      List issues

      Usage:
        bd list [flags]

      Flags:
            --all                          \(limits ? "Show all issues including closed" : "Show all issues (default)")
        -a, --assignee string              Filter by assignee
      \(knowsFlat && !words.contains("tree") ? flat : "")\
        -l, --label strings                Filter by labels
        -n, --limit int                    Limit results\(limits ? " (default 50, use 0 for unlimited)" : "")
        -s, --status string                Filter by status
        -t, --type string                  Filter by type

      """
  }
}
