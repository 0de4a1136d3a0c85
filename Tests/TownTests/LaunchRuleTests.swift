// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

@Suite struct LaunchRuleTests {
  private func order(_ isRestart: Bool) -> LaunchOrder {
    LaunchOrder(agent: Given.toast, rule: .sessionHealth, isRestart: isRestart, hook: "gt-x1", place: .newSession)
  }

  private func underway(_ isRestart: Bool) -> Ledger {
    var ledger = Ledger()
    ledger[Given.toast].launch = AgentRecord.Launch(at: Given.ago(3), isRestart: isRestart, hook: "gt-x1")
    if isRestart {
      ledger[Given.toast].death = AgentRecord.Death(
        seenAt: Given.ago(4), life: Given.life(), cause: .signalled(9), hook: "gt-x1")
      ledger[Given.toast].restartPolicy.noteAttempt(at: Given.ago(3))
    }
    return ledger
  }

  private func record(_ outcome: LaunchRule.Outcome, isRestart: Bool, ledger: Ledger? = nil) -> Plan {
    var plan = Plan(ledger: ledger ?? underway(isRestart))
    LaunchRule.record(outcome, of: order(isRestart), at: Given.now, policy: Policy(), in: &plan)
    return plan
  }

  @Test(arguments: [true, false])
  func `a launch that succeeded is a life, an event, and someone to be told to begin`(isRestart: Bool) {
    let plan = record(.launched(Given.life(8), warnings: ["no fetch"]), isRestart: isRestart)
    let record = plan.ledger[Given.toast]
    #expect(plan.events.map(\.kind) == [isRestart ? .agentRestarted : .agentStarted])
    #expect(plan.events[0].message.contains("no fetch") && plan.events[0].pid == 8)
    #expect(record.life == Given.life(8) && record.since == Given.now && record.death == nil && record.launch == nil)
    #expect(record.restarts == (isRestart ? 1 : 0) && record.restartPolicy.attempts == (isRestart ? 1 : 0))
    #expect(plan.unannounced == [PendingSpawn.of(Given.toast, hook: "gt-x1", at: Given.ago(3))])
  }

  @Test(arguments: [true, false])
  func `a start of which tmux did not tell stays open, and whoever is found up was started by us`(isRestart: Bool) {
    let plan = record(.uncertain("no answer"), isRestart: isRestart)
    #expect(plan.events.isEmpty && plan.notices.isEmpty && plan.nextLook != nil)
    #expect(plan.ledger[Given.toast].launch != nil && plan.ledger[Given.toast].restartPolicy.attempts == 1)
    let alive = Given.snapshot([Given.seen(Given.toast, Given.alive(Given.life(8)))])
    let next = TownRules(policy: Policy()).decide(alive, ledger: plan.ledger, busy: [])
    #expect(next.events.map(\.kind) == [isRestart ? .agentRestarted : .agentStarted])
    #expect(next.unannounced.map(\.session) == [Given.toast.session])
  }

  @Test(arguments: [true, false])
  func `a failure counts one attempt, keeps the death open, and is told once per work`(isRestart: Bool) {
    let first = record(.failed("no claude"), isRestart: isRestart)
    #expect(first.ledger[Given.toast].restartPolicy.attempts == 1)
    #expect((first.ledger[Given.toast].death != nil) == isRestart)
    #expect(first.ledger[Given.toast].launch == nil && first.events.map(\.kind) == [.restartFailed])
    #expect(first.notices.map(\.recipients) == [["my-rig/witness"]])
    let second = record(.failed("no claude"), isRestart: isRestart, ledger: first.ledger)
    #expect(second.events.map(\.kind) == [.restartFailed] && second.notices.isEmpty)
  }

  @Test(arguments: [true, false])
  func `a declined launch is nothing wrong, but is not repeated at once`(isRestart: Bool) {
    let plan = record(.declined("held"), isRestart: isRestart)
    #expect(plan.events.isEmpty && plan.notices.isEmpty && plan.unannounced.isEmpty)
    #expect(plan.findings.map(\.decision) == [.leave])
    #expect(plan.ledger[Given.toast].launch == nil && plan.ledger[Given.toast].restartPolicy.attempts == 1)
    #expect((plan.ledger[Given.toast].death != nil) == isRestart)
  }
}
