// SPDX-License-Identifier: Apache-2.0

package import Commands
import Synchronization

/// Runs nothing: answers what a test says, and fails where it says nothing.
package final class ScriptedRunner: CommandRunner {
  package typealias Answer = @Sendable (Command) async throws -> CommandResult?

  private let answer: Answer
  private let recorded = Mutex<[Command]>([])

  /// - Parameter answer: `nil` for a command that was not expected.
  package init(_ answer: @escaping Answer = { _ in nil }) {
    self.answer = answer
  }

  /// Answers the first command with the first result, and so on.
  package convenience init(results: [CommandResult]) {
    let rest = Mutex(results[...])
    self.init { _ in rest.withLock { $0.popFirst() } }
  }

  package var commands: [Command] { recorded.withLock { $0 } }

  @concurrent package func run(_ command: Command) async throws -> CommandResult {
    recorded.withLock { $0.append(command) }
    if let result = try await answer(command) { return result }
    throw CommandError(.failedToStart, command: command, reason: "the test expects no such command")
  }
}

extension CommandResult {
  /// A command that printed `output` and ended well.
  package static func printing(_ output: String) -> CommandResult {
    CommandResult(ending: .exited(0), standardOutput: Array(output.utf8))
  }

  /// A command that complained and ended with `status`.
  package static func failing(_ complaint: String, status: Int32 = 1, printing output: String = "") -> CommandResult {
    CommandResult(
      ending: .exited(status), standardOutput: Array(output.utf8), standardError: Array(complaint.utf8))
  }
}
