// SPDX-License-Identifier: Apache-2.0

import Town

/// One result of a check.
struct CheckResult: Sendable, Hashable {
  enum Level: String, Sendable, Hashable, Comparable, CaseIterable, Encodable {
    case ok
    /// Worth knowing, and nothing to be done; also what could not be examined.
    case note
    /// It works, and will not always.
    case warning
    /// Something that the town needs does not work.
    case broken

    static func < (one: Level, other: Level) -> Bool {
      (allCases.firstIndex(of: one) ?? 0) < (allCases.firstIndex(of: other) ?? 0)
    }
  }

  var level: Level
  var subject: String
  var what: String
  /// Why it matters; `nil` where all is well.
  var why: String?
  /// The exact command that mends it; `nil` where no single one does.
  var remedy: String?

  /// The same, where no command can be given.
  var withoutRemedy: CheckResult {
    var result = self
    result.remedy = nil
    return result
  }

  init(_ level: Level, _ subject: String, _ what: String, why: String? = nil, remedy: String? = nil) {
    self.level = level
    self.subject = displayable(subject)
    self.what = displayable(what)
    self.why = why.map { displayable($0) }
    // A command that had to be changed to be printed would be another command.
    self.remedy = remedy.flatMap { displayable($0) == $0 ? $0 : nil }
  }

  /// Says that something could not be looked at: that is not to say that it is well.
  static func unexamined(_ subject: String, _ reason: String) -> CheckResult {
    CheckResult(.note, subject, "not examined: \(reason)", why: "It is unknown whether this is in order.")
  }
}

extension CheckResult: Encodable {
  private enum CodingKeys: CodingKey { case level, subject, what, why, remedy }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(level, forKey: .level)
    try container.encode(subject, forKey: .subject)
    try container.encode(what, forKey: .what)
    // With `null`, where the compiler's own coding would leave the key out.
    try container.encode(why, forKey: .why)
    try container.encode(remedy, forKey: .remedy)
  }
}

/// Commands as a person may paste them into a shell.
enum Remedy {
  /// Words as one command, each quoted where a shell would take it for something else.
  static func command(_ words: String...) -> String { words.map(quoted).joined(separator: " ") }

  static func quoted(_ word: String) -> String {
    let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-:+,@%".contains($0)) }
    if isPlain, !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }

  /// A command that only root may give.
  static func asRoot(_ command: String, userID: UInt32) -> String { userID == 0 ? command : "sudo \(command)" }
}
