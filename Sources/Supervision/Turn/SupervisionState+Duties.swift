// SPDX-License-Identifier: Apache-2.0

import Town

/// Stale agents, and what is told of the work on hooks.
extension SupervisionState {
  /// The marks that this turn may make, written down before they are made.
  func marks(of plan: inout Plan, starting: [LaunchOrder]) -> [MarkOrder] {
    let taken = jobs.busy.union(starting.map(\.agent.session))
    let marks = plan.marks.filter { !taken.contains($0.agent.session) }
    for order in marks {
      let failure = plan.ledger[order.agent].marking?.failure
      plan.ledger[order.agent].marking = AgentRecord.Marking(bead: order.bead, since: order.since, failure: failure)
    }
    return marks
  }

  /// The bead was marked, or could not be; a failure is said once.
  mutating func finishMark(_ order: MarkOrder, _ outcome: StaleRule.Outcome, at time: Timestamp, plan: inout Plan) {
    switch outcome {
    case .failed(let reason) where plan.ledger[order.agent].marking?.failure == nil:
      journal.error("\(order.agent.address) runs nowhere, and its bead could not be marked dead: \(reason)")
    case .declined(let reason):
      journal.debug("\(order.agent.address) is not marked dead: \(reason)")
    case .failed, .marked:
      break
    }
    StaleRule.record(outcome, of: order, at: time, in: &plan)
  }

  /// Notes what became of a message.
  mutating func note(_ delivery: Outbox.Delivery, of notice: Notice, ledger: inout Ledger) {
    if let complaint = outbox.note(delivery, of: notice, ledger: &ledger) { journal.error(complaint) }
  }
}
