// SPDX-License-Identifier: Apache-2.0

/// Runs outside commands. The one way by which this project starts a process.
package protocol CommandRunner: Sendable {
  /// Runs `command` to its end and returns what it printed and how it ended. A status other than
  /// 0 is a result, not an error.
  ///
  /// - Throws: ``CommandError``; `CancellationError` when the calling task was cancelled, after
  ///   the child has been ended and reaped.
  @concurrent func run(_ command: Command) async throws -> CommandResult
}
