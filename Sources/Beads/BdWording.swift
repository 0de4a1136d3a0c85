// SPDX-License-Identifier: Apache-2.0

import Commands

/// The words of `bd`, and what they mean. Its versions say the same in different words and in different places; all
/// that is known of that is in this table.
enum BdWording {
  enum Meaning: Sendable, Hashable {
    /// No bead has the id that stands in place of `ID`.
    case missing
    /// None of the ids that were asked for is a bead's.
    case noneFound
    /// A list is empty.
    case empty
    /// A list has fewer rows than were found.
    case cut
    /// The database cannot be reached now; the same call may succeed later.
    case outage
    /// The id begins with another prefix than the database's.
    case otherPrefix
    /// There is no such subcommand; `ID` is its name.
    case unknownCommand
    /// There is no such option; its name follows.
    case unknownOption
    /// A bead was stored; its id follows.
    case created
    /// The line warns, and is not why a command failed.
    case warning
  }

  struct Entry: Sendable {
    var meaning: Meaning
    /// In lower case; `ID` stands for what is asked about.
    var text: String
    /// Which version says it, in which command and where; "recorded" is in Tests/BeadsTests/Recordings.
    var source: String
  }

  private static func entry(_ meaning: Meaning, _ text: String, _ source: String) -> Entry {
    Entry(meaning: meaning, text: text, source: source)
  }

  static let table: [Entry] = [
    entry(
      .missing, #"no issue found matching "ID""#,
      "0.41 to 1.0.5, show, update and close: standard error, status 0 in 0.41 and 1 in 1.0 (recorded)"),
    entry(.missing, #"ambiguous id "ID""#, "0.41, show: a short id that several beads begin with (recorded)"),
    entry(
      .missing, "issue ID not found",
      "0.42 to 1.0, show and update: standard error; some on standard output (cmd/bd/show.go, \"Issue %s not found\")"),
    entry(.missing, "not found: issue ID", "0.50 and later: the storage's own error, passed on (internal/storage)"),
    entry(.missing, "issue not found: ID", "beads_rust, which is installed as bd too, show"),
    entry(
      .noneFound, "no issues found matching the provided ids",
      "1.0.2 and 1.0.5, show: status 1, as {\"error\": …} on standard output, also where the reading failed (recorded)"),
    entry(.empty, "no issues found", "0.58, list in spite of --json: status 0 (gastownhall/gastown#2399)"),
    entry(
      .cut, "more results matched but were hidden by --limit",
      "1.0.5, list: standard error, status 0 (recorded); up to 1.0.2 nothing is said (gastownhall/beads#3212)"),
    entry(.outage, "is locked", "0.41, any: SQLite's error"),
    entry(.outage, "busy", "0.41, any: SQLite's error"),
    entry(.outage, "no beads database", "0.41 and later, any (recorded)"),
    entry(.outage, "unable to open", "0.41, any: SQLite's error"),
    entry(.outage, "disk i/o", "0.41, any: SQLite's error"),
    entry(.outage, "database or disk is full", "0.41, any: SQLite's error"),
    entry(.outage, "legacy", "0.41, any: a database of a version before it"),
    entry(.outage, "failed to open database", "1.0, any: Dolt, as {\"error\": …} on standard error (recorded)"),
    entry(.outage, "server unreachable", "0.56 to 1.0, any: no Dolt server answers (recorded)"),
    entry(.outage, "circuit breaker is open", "1.0, any: for 5 s after Dolt was away (recorded)"),
    entry(.outage, "invalid connection", "1.0, any: a Dolt server that hangs (recorded)"),
    entry(.outage, "i/o timeout", "1.0, any: a Dolt server that hangs (recorded)"),
    entry(.outage, "database not initialized", "1.0.5, create: no prefix has been set (recorded)"),
    entry(
      .outage, "table not found", "1.0, show: the schema of another version; status 1 and \"no issues found\" beside it"
    ),
    entry(
      .outage, "could not be found", "1.0.5 on a database of 1.0.2, list: a column, until the first write migrates it"),
    entry(.otherPrefix, "use --force to override", "0.41 to 1.0.5, create --id (recorded)"),
    entry(
      .unknownCommand, #"unknown command "ID" for "bd""#, "0.41 to 1.0.5; of sync from 0.59 on (gastownhall/beads#2435)"
    ),
    entry(.unknownOption, "unknown flag: --", "0.41 to 1.0.5: what the library for command lines says"),
    entry(
      .created, "created issue: ", "0.41 to 1.0.5, create without --json, and where that is passed over (recorded)"),
    entry(.warning, "warning:", "1.0, any: of the permissions of .beads (recorded)"),
    entry(.warning, "⚠", "0.41, create (recorded)"),
    entry(.warning, "[mysql]", "1.0, any: of a Dolt server that hangs (recorded)"),
  ]

  private static func texts(_ meaning: Meaning) -> [String] { table.filter { $0.meaning == meaning }.map(\.text) }

  /// Whether `text` says that no bead has exactly this id. A short id that matches several beads is the id of none.
  ///
  /// The id must be named: that something was not found may be said of a database, or of `bd` itself.
  static func saysMissing(_ id: String, _ text: String) -> Bool { says(.missing, of: id, text) }

  static func saysUnknownCommand(_ name: String, _ text: String) -> Bool { says(.unknownCommand, of: name, text) }

  static func says(_ meaning: Meaning, _ text: String) -> Bool {
    let text = text.lowercased()
    return texts(meaning).contains { text.containsBytes(of: $0) }
  }

  /// Whether all that was printed is that a list is empty.
  static func isEmptyList(_ text: String) -> Bool {
    guard text.utf8.count < 200 else { return false }
    let words = text.trimmingWhitespace.lowercased()
    return texts(.empty).contains { words == $0 || words == $0 + "." }
  }

  static func isWarning(_ line: some StringProtocol) -> Bool {
    let beginning = String(decoding: line.utf8.prefix(40), as: UTF8.self).lowercased()
    return texts(.warning).contains { beginning.hasPrefix($0) }
  }

  /// The option, `--name`, that is not known by this.
  static func unknownOption(_ text: String) -> String? { word(after: .unknownOption, in: text).map { "--\($0)" } }

  /// The id of the bead that was stored by this.
  static func createdID(_ text: String) -> String? {
    word(after: .created, in: text).flatMap { BeadRules.isID($0) ? $0 : nil }
  }

  private static func says(_ meaning: Meaning, of name: String, _ text: String) -> Bool {
    let (text, name) = (text.lowercased(), name.lowercased())
    return texts(meaning).contains { entry in
      let phrase = entry.replacing("ID", with: name)
      guard entry.hasSuffix("ID") else { return text.containsBytes(of: phrase) }
      // Behind a longer id the same words are another bead's.
      return text.hasSuffix(phrase)
        || ["\n", "\r", "\"", " ", ",", ";", ")"].contains { text.containsBytes(of: phrase + $0) }
    }
  }

  /// The word that follows the first text of a meaning, as it was printed.
  private static func word(after meaning: Meaning, in text: String) -> String? {
    for line in text.split(whereSeparator: \.isNewline).prefix(200) {
      // Only characters of ASCII change their case here, so both have the same places.
      let bytes = Array(line.utf8)
      let lower = bytes.map { (65...90).contains($0) ? $0 + 32 : $0 }
      for entry in texts(meaning).map({ Array($0.utf8) }) {
        guard let start = lower.indices.first(where: { lower[$0...].starts(with: entry) }) else { continue }
        let word = bytes[(start + entry.count)...].prefix { $0 > 0x20 && $0 != UInt8(ascii: "\"") }
        if !word.isEmpty { return String(decoding: word, as: UTF8.self) }
      }
    }
    return nil
  }
}
