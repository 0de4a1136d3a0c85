// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Town

@Suite struct ForgetRuleTests {
  private func after(_ looks: [TownSnapshot], _ ledger: Ledger, running: Bool = false) -> Ledger {
    looks.reduce(into: ledger) { ledger, look in
      ForgetRule.apply(to: &ledger, snapshot: look) { _ in running }
    }
  }

  @Test func `what is remembered of a removed agent goes after an hour`() {
    var ledger = Given.ledger(life: nil, restarts: 3)
    ledger.deaths[Given.toast.session] = Given.now
    let there = Given.snapshot([Given.seen()])
    let gone = [0, 3_599, 3_600].map { Given.snapshot([], at: Given.later($0)) }
    #expect(after([there], ledger) == ledger)
    #expect(after(Array(gone[..<2]), ledger)[Given.toast].restarts == 3)
    let forgotten = after(gone, ledger)
    #expect(forgotten.agents.isEmpty && forgotten.deaths.isEmpty)
    // Back in between: nothing is lost.
    #expect(
      after([gone[0], Given.snapshot([Given.seen()], at: Given.later(60)), gone[2]], ledger)[Given.toast].restarts == 3)
  }

  @Test func `a death that was not told is not forgotten before the next boot`() {
    let ledger = Given.ledger(restarts: 3)
    let looks = [0, 9_999].map { Given.snapshot([], at: Given.later($0)) }
    #expect(after(looks, ledger) == ledger)
    let rebooted = [0, 9_999].map { Given.snapshot([], at: Given.later($0), boot: "boot-2") }
    #expect(after(rebooted, ledger).agents.isEmpty)
  }

  @Test func `an agent that still runs, or that could not be listed, is not forgotten`() {
    var ledger = Given.ledger(life: nil, restarts: 3)
    ledger[Given.toast].death = AgentRecord.Death(seenAt: Given.now, life: Given.life())
    let looks = [0, 9_999].map { Given.snapshot([], at: Given.later($0)) }
    #expect(after(looks, ledger, running: true) == ledger)
    var blind = looks
    for index in blind.indices { blind[index].unreadableRigs = ["my-rig"] }
    #expect(after(blind, ledger) == ledger)
    for index in blind.indices { (blind[index].unreadableRigs, blind[index].registryFailure) = ([], "no") }
    #expect(after(blind, ledger) == ledger)
  }
}
