// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Town

/// Which deaths have a capsule, and what the journal's entry knows of it.
@Suite struct DeathReportTests {
  private let rules = TownRules(policy: Policy())

  private func decide(
    _ observation: AgentObservation, ledger: Ledger = Given.ledger(), servers: Set<ServerIdentity> = [Given.server]
  ) -> Plan {
    rules.decide(Given.snapshot([observation], servers: servers), ledger: ledger, busy: [])
  }

  @Test func `a crash names its capsule, once`() throws {
    var ledger = Given.ledger(restarts: 4)
    ledger[Given.toast].since = Given.ago(60)
    let plan = decide(Given.seen(Given.toast, Given.corpse()), ledger: ledger)
    let report = try #require(plan.deaths.first)
    #expect(plan.deaths.count == 1 && report.id == CrashCapsule.id(time: Given.now, session: Given.toast.session))
    #expect(plan.events.map(\.capsule) == [report.id])
    #expect(plan.ledger[Given.toast].death?.capsule == report.id)
    #expect(report.life == Given.life() && report.since == Given.ago(60) && report.restarts == 4)
    #expect(report.cause == .signalled(9) && report.hook == "gt-x1" && report.pid == 4711)
    #expect(
      report.remains == DeathReport.Remains(serverName: "ours", server: Given.server, pane: "%1", pid: 4711))
    #expect(decide(Given.seen(Given.toast, Given.corpse()), ledger: plan.ledger).deaths.isEmpty)
  }

  @Test(arguments: [
    (Liveness.absent, true, "removed"), (.absent, false, "server is gone"), (Given.corpse(pane: "%9"), true, "removed"),
  ])
  func `where no pane is left, that is why`(liveness: Liveness, serverIsThere: Bool, words: String) {
    let plan = decide(Given.seen(Given.toast, liveness), servers: serverIsThere ? [Given.server] : [])
    #expect(plan.deaths.count == 1 && plan.deaths[0].remains == nil)
    #expect(plan.deaths[0].whyNothingRemains.contains(words), "\(plan.deaths[0].whyNothingRemains)")
  }

  @Test func `a shell that an agent has left still shows its words`() {
    var ledger = Ledger()
    ledger[Given.toast].life = Given.life(50)
    let plan = decide(Given.seen(Given.toast, Given.shell()), ledger: ledger)
    #expect(plan.deaths.map(\.remains?.pid) == [50])
    #expect(Given.corpse().remains(of: nil)?.pid == 4711 && Given.alive().remains(of: Given.life()) == nil)
  }

  @Test func `what is no crash has no capsule`() {
    let peaceful = Given.corpse(.exited(status: 0))
    for observation in [
      Given.seen(Given.toast, peaceful, bead: .known(Given.bead(hook: nil))),
      Given.seen(Given.toast, peaceful, hold: .known(Given.stopped)),
    ] {
      let plan = decide(observation)
      #expect(plan.events.map(\.kind) == [.agentStopped])
      #expect(plan.deaths.isEmpty && plan.events[0].capsule == nil)
    }
    // Work that is left behind is another matter, and so is a crash of one who has none.
    for observation in [
      Given.seen(Given.toast, peaceful), Given.seen(Given.toast, Given.corpse(), bead: .known(Given.bead(hook: nil))),
      Given.seen(.mayor, Given.corpse(.exited(status: 2))),
    ] {
      let plan = decide(observation, ledger: Given.ledger(observation.agent))
      #expect(plan.deaths.count == 1 && plan.events.map(\.kind) == [.crashDetected])
    }
  }

  @Test func `a stop that nobody of ours has seen is no crash, and has a capsule`() {
    let plan = decide(Given.seen(Given.toast, Given.corpse(), hold: .known(Given.stopped)))
    #expect(plan.events.map(\.kind) == [.agentStopped] && plan.deaths.map(\.hold) == [Given.stopped])
    #expect(plan.events.map(\.capsule) == plan.deaths.map(\.id) && plan.ledger[Given.toast].death == nil)
    #expect(Killer(of: plan.deaths[0], memory: nil) == .person("ada"))
  }

  @Test func `an end that had been decided is told of the death`() {
    var ledger = Given.ledger()
    ledger[Given.toast].lifecycle = LifecycleIntent(
      action: .restart, mail: nil, who: "ada", at: Given.ago(1), life: Given.life(), hook: nil, step: .ending)
    #expect(decide(Given.seen(Given.toast, Given.corpse()), ledger: ledger).deaths.map(\.intent?.who) == ["ada"])
  }

  @Test func `an open death whose capsule is missing is gathered again under its name`() throws {
    let observation = Given.seen(Given.toast, Given.corpse())
    let record = decide(observation).ledger[Given.toast]
    let again = try #require(DeathRule.unrecorded(observation, record: record) { _ in false })
    #expect(again.id == record.death?.capsule && again.remains?.pane == "%1" && again.cause == .signalled(9))
    #expect(DeathRule.unrecorded(observation, record: record) { $0 == again.id } == nil)
    #expect(DeathRule.unrecorded(observation, record: AgentRecord()) { _ in false } == nil)
  }
}
