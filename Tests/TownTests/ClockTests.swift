// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

/// A wall clock that is set: what was written down by the one before is understood by the one after.
@Suite struct ClockTests {
  private static let hour: Int64 = 3_600

  private func ledger(setBy seconds: Int64) -> (Ledger, now: Timestamp) {
    var ledger = Ledger()
    ledger.follow(now: Given.now, uptime: .seconds(100), boot: Given.boot)
    #expect(ledger.clockStep == nil)
    let now = Given.now + .seconds(10 + seconds)
    ledger.follow(now: now, uptime: .seconds(110), boot: Given.boot)
    return (ledger, now)
  }

  @Test func `what was written before a clock was put forward is as old as it is, and what comes after stays`() {
    let (ledger, now) = ledger(setBy: Self.hour)
    #expect(ledger.followed(Given.now, now: now) == now + .seconds(-10))
    #expect(ledger.followed(now + .seconds(5), now: now + .seconds(60)) == now + .seconds(5))
    #expect(ledger.followed(now + .seconds(-1), now: now) == now + .seconds(-1))
  }

  @Test func `what lies in the future was written before the clock was put back`() {
    let (ledger, now) = ledger(setBy: -Self.hour)
    #expect(ledger.followed(Given.now, now: now) == now + .seconds(-10))
    #expect(ledger.followed(now + .seconds(5), now: now + .seconds(60)) == now + .seconds(5))
    #expect(ledger.followed(now + .seconds(-5), now: now + .seconds(60)) == now + .seconds(-5 - Self.hour))
  }

  @Test func `a clock that drifts is not set, and one that was set stays so over a reboot`() {
    var (ledger, now) = ledger(setBy: 0)
    #expect(ledger.clockStep == nil && ledger.followed(Given.now, now: now) == Given.now)
    (ledger, now) = self.ledger(setBy: -Self.hour)
    let later = now + .seconds(60)
    ledger.follow(now: later, uptime: .seconds(1), boot: "another")
    #expect(ledger.followed(Given.now, now: later) == now + .seconds(-10))
  }
}
