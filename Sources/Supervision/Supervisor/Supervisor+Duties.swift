// SPDX-License-Identifier: Apache-2.0

internal import Town

/// Stale agents, and what is told of the work on hooks.
extension Supervisor {
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
  func finishMark(_ order: MarkOrder, _ outcome: StaleRule.Outcome, at time: Timestamp, plan: inout Plan) {
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

  /// Puts messages that nobody will decide upon again into the outbox. Returns those that are to be sent
  /// now: the new ones, and with a heartbeat the old ones once more.
  func post(_ notices: [Notice], retrying: Bool, ledger: inout Ledger) -> [Notice] {
    let old = retrying && duty == .town ? ledger.outbox : []
    ledger.outbox += notices.filter { $0.hook == nil }
    let lost = ledger.outbox.count - Ledger.outboxLimit
    if lost > 0 {
      ledger.outbox.removeFirst(lost)
      journal.error("\(lost) messages are given up: \(Ledger.outboxLimit) others wait already")
    }
    return old + notices
  }

  /// Whether a message is being sent just now; it is tried again with the next heartbeat.
  func isOnItsWay(_ notice: Notice) -> Bool { jobs.isTelling(notice.repeatKey) }

  func tellUnsent(_ notice: Notice, failure: String) {
    // One that is sent again with every heartbeat is not complained of with every heartbeat.
    if unsent.updateValue(failure, forKey: notice.repeatKey) != nil { return }
    journal.error("\(notice.subject): the message could not be sent: \(failure)")
  }
}

extension Notice {
  /// By which a message that is sent again is known.
  var repeatKey: String { "\(key) \(agent.session) \(hook ?? "")" }
}
