// SPDX-License-Identifier: Apache-2.0

import Town

/// What is done where nothing can be written down: nothing that could not be undone, and nothing that the next daemon
/// would have to know of.
extension SupervisionState {
  /// Takes back starts and marks whose decision could not be written down; they are decided again at the next look. A
  /// start that is not written down would be a second one to the next daemon, outside of every back-off, and its agent
  /// would never be told to begin.
  ///
  /// - Parameter former: the ledger before they were entered.
  mutating func withhold(
    starts: [LaunchOrder], marks: [MarkOrder], because failure: String, at time: Timestamp, former: Ledger,
    plan: inout Plan
  ) {
    for order in starts {
      plan.ledger[order.agent].launch = former[order.agent].launch
      plan.ledger[order.agent].restartPolicy = former[order.agent].restartPolicy
      plan.ledger[order.agent].marks = former[order.agent].marks
      plan.replaceFinding(
        of: order.agent.session, by: .wait, reason: "not started: \(Self.unwritten(failure))",
        until: time + TownRules.retry)
      if let ticket = commands.takeStart(of: order.agent.session) {
        let refusal = CommandRefusal("\(order.agent.address) is not started, for \(Self.unwritten(failure))")
        directives.answers.append((ticket, .failure(refusal)))
      }
    }
    if !starts.isEmpty { plan.ledger.starts = former.starts }
    for order in marks { plan.ledger[order.agent].marking = former[order.agent].marking }
  }

  static func unwritten(_ failure: String) -> String { "what is decided cannot be written down: \(failure)" }
}
