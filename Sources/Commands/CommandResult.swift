// SPDX-License-Identifier: Apache-2.0

/// What became of a command that ran to its end.
package struct CommandResult: Sendable, Hashable {
  /// How the process ended.
  package enum Ending: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)
  }

  package var ending: Ending
  package var standardOutput: [UInt8]
  package var standardError: [UInt8]

  package init(ending: Ending, standardOutput: [UInt8] = [], standardError: [UInt8] = []) {
    self.ending = ending
    self.standardOutput = standardOutput
    self.standardError = standardError
  }

  package var succeeded: Bool { ending == .exited(0) }

  /// Standard output as text; bytes that are not UTF-8 become U+FFFD.
  package var output: String { String(decoding: standardOutput, as: UTF8.self) }

  /// Standard error as text; bytes that are not UTF-8 become U+FFFD.
  package var errors: String { String(decoding: standardError, as: UTF8.self) }

  /// What is passed on of standard error, to people and into records: where there are megabytes of it, how it begins
  /// and how it ends.
  package var complaint: String { complaint(limit: 2_000) }

  /// - Parameter limit: how many bytes are passed on at most.
  package func complaint(limit: Int) -> String {
    guard standardError.count > limit else {
      return String(errors.dropLast(errors.reversed().prefix { $0.isWhitespace }.count))
    }
    let beginning = String(decoding: standardError.prefix(limit / 2), as: UTF8.self)
    return beginning + "\n…\n" + String(decoding: standardError.suffix(limit / 2), as: UTF8.self)
  }
}
