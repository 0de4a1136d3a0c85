// SPDX-License-Identifier: Apache-2.0

/// A command that did not run to its end.
package struct CommandError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    /// No such executable, or it may not be executed.
    case notFound
    /// It was still running at its deadline, and was ended.
    case deadlineExceeded
    /// It printed more than the command's output limit, and was ended.
    case outputLimitExceeded
    /// It could not be started for another reason.
    case failedToStart
  }

  package var code: Code
  /// The attempted action.
  package var command: String
  /// Why it failed, in the words of the program that refused.
  package var reason: String

  package init(_ code: Code, command: Command, reason: String) {
    self.code = code
    self.command = command.summary
    self.reason = reason
  }

  package var description: String { "\(command): \(reason)" }
}
