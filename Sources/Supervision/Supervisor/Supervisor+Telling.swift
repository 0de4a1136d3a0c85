// SPDX-License-Identifier: Apache-2.0

import Systemd
import Town

/// What the journal is told, at least once: see ``Ledger/untold``.
extension Supervisor {
  /// How soon the journal is given again what it has not taken.
  private static let retelling: Duration = .seconds(30)
  /// How long a supervisor that stops waits for the journal.
  private static let farewell: Duration = .seconds(1)

  /// Enters this turn's events into the ledger, before it is written.
  func enterEvents(of plan: inout Plan, at time: Timestamp) {
    guard !plan.events.isEmpty else { return }
    for index in plan.events.indices { plan.events[index] = placed(plan.events[index], by: plan.ledger) }
    // Where only commands are carried out, no journal is told.
    guard mode == .town else { return }
    let lost = plan.ledger.enter(&plan.events, at: time)
    if lost > 0 {
      journal.error("\(lost) events are given up: the journal has not taken the \(Ledger.untoldLimit) others yet")
    }
  }

  /// Gives the journal what it has not been given, also by the supervisor before this one.
  func tellEvents(of plan: Plan) {
    guard mode == .town else {
      for event in plan.events { journal.record(event) }
      return
    }
    tellUntold()
    guard journal.receipts == nil else { return }
    ledger.untold = []
    delivery.forget()
  }

  private func tellUntold() {
    for (event, isRepeated) in delivery.next(of: ledger.untold) { journal.record(event, isRepeated: isRepeated) }
  }

  /// Takes what the journal has taken out of the ledger.
  func takeReceipts(into ledger: inout Ledger) {
    guard let receipts = journal.receipts else { return }
    let (written, lost) = receipts.take()
    ledger.noteTold(written)
    delivery.note(written: written, lost: lost)
    guard !lost.isEmpty, retellingTask == nil else { return }
    let world = self.world
    retellingTask = Task(executorPreference: executor) { [weak self] in
      guard (try? await world.sleep(for: Self.retelling)) != nil else { return }
      await self?.post(.tellAgain)
    }
  }

  /// Gives the journal once more what it has not taken.
  func tellAgain() {
    retellingTask = nil
    delivery.retry()
    tellUntold()
  }

  /// Writes down what has been told, where no turn does and nothing is under way that one will follow. No restart waits
  /// for that.
  func keepReceipts() {
    guard mode == .town, saveFailure == nil, ledger.untold != savedLedger.untold else { return }
    // What cannot be written is the next turn's to complain of.
    guard (try? world.save(ledger)) != nil else { return }
    savedLedger = ledger
  }

  /// Has the supervisor learn, between its turns, that the journal has taken something.
  func listenToJournal() {
    journal.receipts?.listen { [weak self] in
      Task { await self?.post(.journalled) }
    }
  }

  /// Waits a moment for the journal, and writes down what it has taken, so that the next supervisor need not tell it again.
  func settleReceipts() async {
    if let receipts = journal.receipts {
      receipts.listen(nil)
      let end = world.uptime() + Self.farewell
      takeReceipts(into: &ledger)
      while !ledger.untold.isEmpty, !delivery.hasRefusals, world.uptime() < end {
        guard (try? await world.sleep(for: .milliseconds(10))) != nil else { break }
        takeReceipts(into: &ledger)
      }
    }
    retellingTask?.cancel()
    keepReceipts()
  }
}
