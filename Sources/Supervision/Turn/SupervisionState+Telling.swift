// SPDX-License-Identifier: Apache-2.0

import Town

/// What the journal is told, at least once: see ``Ledger/untold``.
extension SupervisionState {
  /// Enters this turn's events into the ledger, before it is written.
  mutating func enterEvents(of plan: inout Plan, at time: Timestamp) {
    guard !plan.events.isEmpty else { return }
    for index in plan.events.indices { plan.events[index] = placed(plan.events[index], by: plan.ledger) }
    let lost: Int
    if mode == .town {
      lost = plan.ledger.enter(&plan.events, at: time)
    } else {
      // Where only commands are carried out, no journal is told. A death is told by the next daemon.
      var deaths = plan.events.filter { $0.capsule != nil }
      lost = plan.ledger.enter(&deaths, at: time)
    }
    if lost > 0 {
      journal.error("\(lost) events are given up: the journal has not taken the \(Ledger.untoldLimit) others yet")
    }
  }

  /// Gives the journal what it has not been given, also by the supervisor before this one.
  mutating func tellEvents(of plan: Plan) {
    guard mode == .town else {
      // Deaths are in the ledger, for the next daemon to tell.
      for event in plan.events where event.capsule == nil { journal.record(event) }
      return
    }
    tellUntold()
    guard !hasReceipts else { return }
    ledger.untold = []
    delivery.forget()
  }

  private mutating func tellUntold() {
    for (event, isRepeated) in delivery.next(of: ledger.untold) { journal.record(event, isRepeated: isRepeated) }
  }

  /// Takes what the journal has taken out of the ledger.
  mutating func noteReceipts(written: Set<String>, lost: Set<String>) {
    ledger.noteTold(written)
    delivery.note(written: written, lost: lost)
  }

  /// Gives the journal once more what it has not taken.
  mutating func tellAgain() {
    delivery.retry()
    tellUntold()
  }

  /// Whether the journal is about to answer for events.
  var awaitsReceipts: Bool { !ledger.untold.isEmpty && !delivery.hasRefusals }
}
