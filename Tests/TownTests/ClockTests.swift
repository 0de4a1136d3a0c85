// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

/// A wall clock that is set: what was written down by the one before is understood by the one after.
@Suite struct ClockTests {
  private static let hour: Int64 = 3_600

  private func ledger(setBy seconds: Int64) -> (Ledger, now: Timestamp) {
    var ledger = Ledger()
    ledger.follow(now: Given.now, uptime: .seconds(100), boot: Given.boot)
    #expect(ledger.clockSteps.isEmpty)
    let now = Given.now + .seconds(10 + seconds)
    ledger.follow(now: now, uptime: .seconds(110), boot: Given.boot)
    return (ledger, now)
  }

  @Test func `what was written before a clock was put forward is as old as it is, and what comes after stays`() {
    let (ledger, now) = ledger(setBy: Self.hour)
    #expect(ledger.clockSteps.followed(Given.now, now: now) == now + .seconds(-10))
    #expect(ledger.clockSteps.followed(now + .seconds(5), now: now + .seconds(60)) == now + .seconds(5))
    // Between the step and its being noticed: as young as can be, for several steps may have come in one.
    #expect(ledger.clockSteps.followed(now + .seconds(-2), now: now) == now)
    #expect(ledger.clockSteps.followed(now + .seconds(-1_800), now: now) == now)
  }

  @Test func `what lies in the future was written before the clock was put back`() {
    let (ledger, now) = ledger(setBy: -Self.hour)
    #expect(ledger.clockSteps.followed(Given.now, now: now) == now + .seconds(-10))
    #expect(ledger.clockSteps.followed(now + .seconds(5), now: now + .seconds(60)) == now + .seconds(5))
    #expect(ledger.clockSteps.followed(now + .seconds(-5), now: now + .seconds(60)) == now + .seconds(-5 - Self.hour))
  }

  @Test func `what was written before a step that no daemon has seen is as young as can be`() {
    for size in [Self.hour, -Self.hour] {
      var ledger = Ledger()
      ledger.follow(now: Given.now, uptime: .seconds(100), boot: Given.boot)
      let now = Given.now + .seconds(600 + size)
      ledger.follow(now: now, uptime: .seconds(700), boot: Given.boot, isWatching: false)
      for written in [now + .seconds(-300), Given.now, Given.now + .seconds(-7_200), now + .seconds(40_000)] {
        #expect(ledger.clockSteps.age(of: written, at: now + .seconds(100)) <= .seconds(100))
      }
      // A request is no younger than it is.
      #expect(ledger.clockSteps.followed(Given.now, now: now) == now + .seconds(-600))
      // A step that is seen afterwards moves that along.
      let later = now + .seconds(10 + 2 * Self.hour)
      ledger.follow(now: later, uptime: .seconds(710), boot: Given.boot)
      #expect(ledger.clockSteps.age(of: Given.now, at: later) == .seconds(10))
      #expect(ledger.clockSteps.age(of: now + .seconds(4), at: later) == .seconds(6))
    }
  }

  @Test func `a clock that drifts is not set, and one that was set stays so over a reboot`() {
    var (ledger, now) = ledger(setBy: 0)
    #expect(ledger.clockSteps.isEmpty && ledger.clockSteps.followed(Given.now, now: now) == Given.now)
    (ledger, now) = self.ledger(setBy: -Self.hour)
    let later = now + .seconds(60)
    ledger.follow(now: later, uptime: .seconds(1), boot: "another")
    #expect(ledger.clockSteps.followed(Given.now, now: later) == now + .seconds(-10))
  }

  @Test func `steps from before a reboot over which the clock was put back say nothing of what is written after it`() {
    var (ledger, now) = ledger(setBy: 5)
    now = now + .seconds(-24 * Self.hour)
    ledger.follow(now: now, uptime: .seconds(1), boot: "another")
    let later = now + .seconds(300)
    #expect(ledger.clockSteps.followed(now + .seconds(60), now: later) == now + .seconds(60))
  }

  @Test func `a night of many suspends adds nothing to the age of a bead`() {
    for count in [1, 3, 200] as [Int64] {
      var ledger = Ledger()
      ledger.follow(now: Given.now, uptime: .seconds(100), boot: Given.boot)
      // Awake for 5 s, suspended for 21 min, and so on.
      for night in 1...count {
        ledger.follow(
          now: Given.now + .seconds(night * (5 + 1_260)), uptime: .seconds(100 + 5 * night), boot: Given.boot)
      }
      let now = Given.now + .seconds(count * (5 + 1_260))
      let age = ledger.clockSteps.age(of: Given.now + .seconds(-60), at: now)
      #expect(age == .seconds(60 + 5 * count))
      // The ledger of the next daemon knows the same.
      #expect(ledger.clockSteps.steps.count <= 64)
      // What was written since the last one is as old as it says.
      #expect(ledger.clockSteps.age(of: now + .seconds(2), at: now + .seconds(4)) == .seconds(2))
    }
  }

  @Test func `after a suspend nobody has stood still, and a freeze is as long as it was`() {
    var ledger = Given.ledger()
    ledger[Given.toast].since = Given.ago(3_600)
    ledger[Given.toast].freeze = AgentRecord.Freeze(life: Given.life(), since: Given.ago(40))
    ledger[Given.toast].freeze?.thawedAt = Given.ago(10)
    ledger.follow(now: Given.now, uptime: .seconds(10_000), boot: Given.boot)
    let later = Given.now + .seconds(8 * Self.hour)
    ledger.follow(now: later, uptime: .seconds(10_001), boot: Given.boot)
    #expect(ledger[Given.toast].freeze?.thawedAt == later + .seconds(-11))
    #expect(ledger[Given.toast].freeze?.since == later + .seconds(-41))
    let bead = Given.bead(updated: Given.ago(60))
    let seen = Given.seen(Given.toast, Given.alive(), bead: .known(bead))
    let plan = TownRules(policy: Policy()).decide(
      Given.snapshot([seen], at: later), ledger: ledger, busy: [], look: .heartbeat)
    #expect(plan.notices.isEmpty && !plan.events.map(\.kind).contains(.guppViolation) && plan.hooksInDoubt.isEmpty)
  }
}
