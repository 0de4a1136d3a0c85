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

  private func ended(_ cause: ExitCause) -> LaunchRule.Outcome {
    .ended(
      LaunchRule.Ending(
        cause: cause, grave: AgentRecord.Grave(server: Given.server, pane: "%1", pid: 77), serverName: "gt",
        words: "no key"))
  }

  @Test(arguments: [true, false])
  func `one that ends at once is a death with a crash report, and a start that failed, counted once`(isRestart: Bool) {
    let first = record(ended(.exited(status: 3)), isRestart: isRestart)
    #expect(first.events.map(\.kind) == [.crashDetected, .restartFailed])
    #expect(first.notices.map(\.key) == ["cannot-start"])
    #expect(first.events[1].reason == "it exited with status 3 at once: no key")
    for event in first.events { #expect(event.cause == .exited(status: 3) && event.pid == 77) }
    #expect(first.deaths.map(\.id) == [first.ledger[Given.toast].death?.capsule])
    #expect(first.events[0].capsule == first.deaths[0].id && first.deaths[0].remains?.pane == "%1")
    #expect(first.ledger[Given.toast].restartPolicy.crashes.times == [Given.now])
    let corpse = Given.snapshot([Given.seen(Given.toast, Given.corpse(.exited(status: 3), pid: 77))])
    let next = TownRules(policy: Policy()).decide(corpse, ledger: first.ledger, busy: [])
    #expect(next.events.isEmpty && next.findings.map(\.decision) == [.wait] && next.nextLook == Given.later(1))
  }

  @Test func `a command that always ends at once is parked at the fifth, and told of twice in all`() {
    var ledger = underway(true)
    var events: [EventKind] = []
    var notices: [String] = []
    for _ in 0..<5 {
      let plan = record(ended(.exited(status: 3)), isRestart: true, ledger: ledger)
      events += plan.events.map(\.kind)
      notices += plan.notices.map(\.key)
      ledger = plan.ledger
    }
    #expect(events == (0..<5).flatMap { _ in [.crashDetected, .restartFailed] } + [.agentParked])
    #expect(notices == ["cannot-start", "parked"])
  }

  @Test func `one that ends at once without an error waits half a minute, and counts for its work`() {
    let plan = record(ended(.exited(status: 0)), isRestart: true)
    #expect(plan.ledger[Given.toast].restartPolicy.crashes.times.isEmpty)
    let corpse = Given.snapshot([Given.seen(Given.toast, Given.corpse(.exited(status: 0), pid: 77))])
    let next = TownRules(policy: Policy()).decide(corpse, ledger: plan.ledger, busy: [])
    #expect(next.launches.isEmpty && next.nextLook == Given.later(30))
  }

  @Test func `resuming that ends at once is said, alarms nobody, and the next is without`() {
    var policy = Policy()
    policy.resuming = [.polecat]
    var order = order(true)
    order.resumes = true
    var plan = Plan(ledger: underway(true))
    LaunchRule.record(ended(.exited(status: 1)), of: order, at: Given.now, policy: policy, in: &plan)
    #expect(plan.events.map(\.kind) == [.crashDetected, .restartFailed] && plan.notices.isEmpty)
    #expect(plan.events[1].message.hasSuffix("; the next start is without its arguments for resuming"))
    let dead = Given.snapshot([Given.seen(Given.toast, Given.corpse(pid: 77))], at: Given.later(60))
    let next = TownRules(policy: policy).decide(dead, ledger: plan.ledger, busy: [])
    #expect(next.launches.map(\.resumes) == [false])
    plan = Plan(ledger: next.ledger)
    LaunchRule.record(
      .launched(Given.life(8), warnings: []), of: next.launches[0], at: Given.later(60), policy: policy, in: &plan)
    #expect(plan.events[0].message.contains("without its arguments for resuming, with which it died at once"))
    // For that start only.
    #expect(plan.ledger[Given.toast].resumeFailed == nil)
  }

  @Test func `a start that was ended by others says nothing against resuming`() {
    var order = order(true)
    order.resumes = true
    var plan = Plan(ledger: underway(true))
    LaunchRule.record(ended(.signalled(9)), of: order, at: Given.now, policy: Policy(), in: &plan)
    #expect(plan.ledger[Given.toast].resumeFailed == nil && plan.notices.count == 1)
  }

  @Test func `a person's start begins everything anew`() {
    var ledger = underway(false)
    for _ in 0..<5 { _ = ledger[Given.toast].restartPolicy.noteCrash(at: Given.now, limits: Policy().restart) }
    var plan = Plan(ledger: ledger)
    let order = LaunchOrder(
      agent: Given.toast, rule: .command, isRestart: false, hook: nil, place: .newSession, reason: "start by ada")
    LaunchRule.record(.launched(Given.life(8), warnings: []), of: order, at: Given.now, policy: Policy(), in: &plan)
    #expect(plan.events.map(\.kind) == [.agentCleared, .agentStarted])
    #expect(plan.ledger[Given.toast].restartPolicy == RestartPolicy())
  }
}
