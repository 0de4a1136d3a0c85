// SPDX-License-Identifier: Apache-2.0

/// The total time of several commands that each have a deadline of their own. The caller returns when this time is
/// over, however many commands run in sequence.
package enum CommandBudget {
  /// When the time is over; `nil` where each command has its own deadline only.
  @TaskLocal package static var end: ContinuousClock.Instant?

  /// The deadline of a command that begins now: its own, or what is left.
  package static func deadline(of command: Command) -> Duration {
    guard let end else { return command.deadline }
    return min(command.deadline, max(end - .now, .zero))
  }
}
