// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Town

/// What a supervisor remembers besides the ledger: values that know no clock.
@Suite struct SupervisionValueTests {
  @Test func `a retry comes later each time, up to the longest pause, and soon again after a success`() {
    var timer = RetryTimer()
    #expect(timer.due == nil && !timer.isDue(at: .seconds(1_000)))
    let longest = TownRules.retry * 3
    let pauses = (0..<4).map { _ in timer.plan(at: .zero, longest: longest) }
    #expect(pauses == [TownRules.retry, TownRules.retry * 2, longest, longest])
    #expect(!timer.isDue(at: longest - .milliseconds(1)))
    #expect(timer.isDue(at: longest))
    timer.clear()
    #expect(timer == RetryTimer())
  }

  private func order(_ rule: WorkRule.Rule, hook: String? = "gt-x1") -> LaunchOrder {
    LaunchOrder(
      agent: Given.toast, rule: rule, isRestart: true, hook: hook, place: .newSession, reason: "dead")
  }

  @Test func `a restart waits for beads that were read for the same hook, and no other start does`() {
    var reads = FreshReads()
    var plan = Plan(ledger: Ledger())
    let session = Given.toast.session
    var parts = reads.part([order(.sessionHealth)], fresh: [:], failed: [:], at: Given.now, plan: &plan)
    #expect(parts.ready.isEmpty)
    #expect(parts.unread.count == 1)
    parts = reads.part([order(.sessionHealth)], fresh: [session: "gt-x2"], failed: [:], at: Given.now, plan: &plan)
    #expect(parts.unread.count == 1)
    parts = reads.part([order(.sessionHealth)], fresh: [session: "gt-x1"], failed: [:], at: Given.now, plan: &plan)
    #expect(parts.ready.count == 1)
    parts = reads.part([order(.deacon)], fresh: [:], failed: [:], at: Given.now, plan: &plan)
    #expect(parts.ready.count == 1)
  }

  @Test func `a restart whose beads cannot be read is put off, and then read for again`() {
    var reads = FreshReads()
    var plan = Plan(ledger: Ledger())
    let failed = [Given.toast.session: "bd hangs"]
    var parts = reads.part([order(.sessionHealth)], fresh: [:], failed: failed, at: Given.now, plan: &plan)
    #expect(parts.ready.isEmpty && parts.unread.isEmpty)
    #expect(plan.nextLook == Given.now + TownRules.retry)
    parts = reads.part([order(.sessionHealth)], fresh: [:], failed: [:], at: Given.later(1), plan: &plan)
    #expect(parts.ready.isEmpty && parts.unread.isEmpty)
    let later = Given.now + TownRules.retry
    parts = reads.part([order(.sessionHealth)], fresh: [:], failed: [:], at: later, plan: &plan)
    #expect(parts.unread.count == 1)
  }

  @Test func `a reason is told when it changes, or when its subject was well in between`() {
    var complaints = Complaints()
    let changes = ["a", "a", "b"].map { complaints.isNew($0, about: .tenure) }
    #expect(changes == [true, false, true])
    var isFirst = complaints.isFirst("c", about: .tenure)
    #expect(!isFirst)
    complaints.clear(.tenure)
    isFirst = complaints.isFirst("c", about: .tenure)
    #expect(isFirst)
    let isNew = complaints.isNew("c", about: .begin("gt-x"))
    #expect(isNew)
    complaints.keep { $0 == .tenure }
    isFirst = complaints.isFirst("c", about: .begin("gt-x"))
    #expect(isFirst)
  }

  @Test func `the journal is given each event once, and again what it could not take`() {
    var delivery = JournalDelivery()
    func event(_ id: String) -> TownEvent {
      var event = TownEvent(.daemonReady, message: id)
      event.id = id
      return event
    }
    let events = ["1", "2"].map(event)
    var next = delivery.next(of: events)
    #expect(next.map(\.event.id) == ["1", "2"])
    next = delivery.next(of: events)
    #expect(next.isEmpty)
    delivery.note(written: ["1"], lost: ["2"])
    #expect(delivery.hasRefusals)
    next = delivery.next(of: [events[1]])
    #expect(next.isEmpty)
    delivery.retry()
    let again = delivery.next(of: [events[1]])
    #expect(again.map(\.event.id) == ["2"] && again.map(\.isRepeated) == [true])
  }

  @Test func `a message that cannot be sent is complained of once, and stays until it is sent`() {
    var outbox = Outbox()
    var ledger = Ledger()
    let notice = Notice(key: "k", agent: Given.toast, subject: "s", body: "b")
    let entered = outbox.enter([notice], retrying: false, ledger: &ledger).notices
    #expect(entered == [notice])
    outbox.enqueue([notice, notice]) { _ in false }
    var next = outbox.next()
    #expect(next == [notice])
    next = outbox.next()
    #expect(next == nil)
    outbox.enqueue([notice]) { $0 == notice.repeatKey }
    next = outbox.next()
    #expect(next == nil)
    let complaints = (0..<2).map { _ in outbox.note(.failed("busy"), of: notice, ledger: &ledger) }
    #expect(complaints == ["s: the message could not be sent: busy", nil])
    #expect(ledger.outbox == [notice])
    let retried = outbox.enter([], retrying: true, ledger: &ledger).notices
    #expect(retried == [notice])
    let complaint = outbox.note(.sent, of: notice, ledger: &ledger)
    #expect(complaint == nil)
    #expect(ledger.outbox.isEmpty)
  }
}
