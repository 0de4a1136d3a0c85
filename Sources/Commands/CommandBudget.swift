// SPDX-License-Identifier: Apache-2.0

/// The time that several commands have together, each of which has a deadline of its own: whatever is awaited in sequence,
/// the caller is back when this time is over.
package enum CommandBudget {
  /// When the time is over; `nil` where each command has its own deadline only.
  @TaskLocal package static var end: ContinuousClock.Instant?

  /// The deadline of a command that begins now: its own, or what is left.
  package static func deadline(of command: Command) -> Duration {
    guard let end else { return command.deadline }
    return min(command.deadline, max(end - .now, .zero))
  }
}
