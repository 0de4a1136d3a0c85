// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

/// How the rules use the restart policy: parking, clean exits, missing commands, resuming, a host without
/// room, and the pace.
@Suite struct PolicyRuleTests {
  private var policy = Policy()
  private var rules: TownRules { TownRules(policy: policy) }

  private func decide(
    _ agents: [AgentObservation], ledger: Ledger, at time: Timestamp = Given.now, busy: Set<String> = [],
    confirmed: Bool = false, host: HostReading = HostReading(), missing: [AgentIdentity.Role: String] = [:]
  ) -> Plan {
    var snapshot = Given.snapshot(agents, at: time)
    snapshot.host = host
    snapshot.missingCommands = missing
    return rules.decide(
      snapshot, ledger: ledger, busy: busy, confirmed: confirmed ? Set(agents.map(\.agent.session)) : [])
  }

  /// A ledger in which the agent has crashed before, and lives.
  private func crashed(_ count: Int, _ agent: AgentIdentity = Given.toast) -> Ledger {
    var ledger = Given.ledger(agent)
    for second in 0..<count {
      _ = ledger[agent].restartPolicy.noteCrash(at: Given.ago(Int64(60 - second)), limits: policy.restart)
    }
    ledger[agent].since = Given.ago(10)
    return ledger
  }

  // MARK: Crash loops

  @Test func `the fifth crash parks it: one event, one message, and trials from then on`() {
    let first = decide([Given.seen(Given.toast, Given.corpse())], ledger: crashed(4))
    #expect(first.events.map(\.kind) == [.crashDetected, .agentParked])
    #expect(first.events[1].reason == "5 crashes within 15m0s" && first.events[1].cause == .signalled(9))
    #expect(first.notices.map(\.key) == ["parked"] && first.notices[0].recipients == ["my-rig/witness"])
    #expect(first.launches.isEmpty && first.findings.map(\.decision) == [.parked])
    #expect(first.nextLook == Given.later(600) && first.findings[0].until == Given.later(600))
    let again = decide([Given.seen(Given.toast, Given.corpse())], ledger: first.ledger, at: Given.later(300))
    #expect(again.events.isEmpty && again.notices.isEmpty && again.launches.isEmpty)
    let trial = decide([Given.seen(Given.toast, Given.corpse())], ledger: first.ledger, at: Given.later(600))
    #expect(trial.launches.map(\.isRestart) == [true] && trial.events.isEmpty)
    #expect(trial.launches[0].reason.contains("a trial, as it is parked"))
  }

  @Test func `a trial that lasts is looked at when its time is up, and cleared once`() {
    var ledger = crashed(5)
    ledger[Given.toast].since = Given.now
    let alive = Given.seen(Given.toast, Given.alive())
    let trial = decide([alive], ledger: ledger, at: Given.later(1))
    #expect(trial.events.isEmpty && trial.nextLook == Given.later(600))
    let cleared = decide([alive], ledger: trial.ledger, at: Given.later(600))
    #expect(cleared.events.map(\.kind) == [.agentCleared] && cleared.notices.isEmpty)
    #expect(decide([alive], ledger: cleared.ledger, at: Given.later(601)).events.isEmpty)
    // A life that nobody looked at counts as well.
    let dead = decide([Given.seen(Given.toast, Given.corpse())], ledger: ledger, at: Given.later(700))
    #expect(dead.events.map(\.kind) == [.agentCleared, .crashDetected] && dead.launches.count == 1)
  }

  @Test func `a stop, a hold and the end of those who have nothing to do are not counted`() {
    for observation in [
      Given.seen(hold: .known(Given.stopped)), Given.seen(hold: .known(Given.held)),
      Given.seen(Given.toast, Given.corpse(), bead: .known(Given.bead(hook: nil))),
    ] {
      let plan = decide([observation], ledger: crashed(4))
      #expect(plan.ledger[Given.toast].restartPolicy == crashed(4)[Given.toast].restartPolicy)
    }
  }

  @Test func `the state is what people are told`() {
    let ledger = decide([Given.seen(Given.toast, Given.corpse())], ledger: crashed(4)).ledger
    let check = SessionCheck(
      Given.seen(Given.toast, Given.corpse()), record: ledger[Given.toast], hook: { _ in .known(nil) },
      at: Given.later(1), policy: policy)
    #expect(check.supervision == .parked && check.state == .crashed && !check.isWell)
    #expect(
      check.reason
        == "killed by signal 9, with gt-x1 on its hook; parked: 5 crashes within 15m0s; next trial at \(Given.later(600))"
    )
    let full = SessionCheck(
      Given.seen(), record: AgentRecord(), hook: { _ in .known(nil) }, at: Given.now, policy: policy,
      heldBack: "no room")
    #expect(full.reason == "no session, with gt-x1 on its hook; restarts are held back: no room")
    let trial = SessionCheck(
      Given.seen(Given.toast, Given.alive()), record: ledger[Given.toast], hook: { _ in .known(nil) },
      at: Given.later(1), policy: policy)
    #expect(trial.supervision == .parked && trial.state == .alive && trial.isWell)
    #expect(trial.reason == "on trial, as it was parked: 5 crashes within 15m0s")
    let counts = AgentCounts(
      findings: decide([Given.seen(Given.toast, Given.corpse())], ledger: ledger).findings, at: Given.now)
    #expect(counts.line == "1 agent: 0 alive, 1 parked (my-rig/toast)" && counts.parked == 1)
  }

  // MARK: Ends without an error

  @Test func `one who ends without an error is looked at again after half a minute`() {
    let exit = Given.seen(Given.toast, Given.corpse(.exited(status: 0)))
    let first = decide([exit], ledger: Given.ledger())
    #expect(first.launches.isEmpty && first.nextLook == Given.later(30))
    #expect(first.findings.map(\.decision) == [.wait] && first.findings[0].until == Given.later(30))
    #expect(first.ledger[Given.toast].restartPolicy.crashes.times.isEmpty)
    // Its work is read afresh before it counts.
    let due = decide([exit], ledger: first.ledger, at: Given.later(30))
    #expect(due.launches.count == 1 && due.ledger[Given.toast].restartPolicy.exits.times.isEmpty)
    let put = Given.seen(Given.toast, Given.corpse(.exited(status: 0)), bead: .known(Given.bead(hook: nil)))
    let done = decide([put], ledger: first.ledger, at: Given.later(10))
    #expect(done.launches.isEmpty && done.events.map(\.kind) == [.agentStopped])
    let still = decide([exit], ledger: first.ledger, at: Given.later(30), confirmed: true)
    #expect(still.launches.count == 1 && still.ledger[Given.toast].restartPolicy.exits.times.count == 1)
    // Once for each end, however often it is looked at.
    let twice = decide([exit], ledger: still.ledger, at: Given.later(31), confirmed: true)
    #expect(twice.ledger[Given.toast].restartPolicy.exits.times.count == 1)
  }

  @Test func `the third within the window on one hook parks it, with its reason`() {
    var ledger = Given.ledger()
    for second in [300, 200] as [Int64] {
      _ = ledger[Given.toast].restartPolicy.noteExit(on: "gt-x1", at: Given.ago(second), limits: policy.restart)
    }
    let exit = Given.seen(Given.toast, Given.corpse(.exited(status: 0)))
    let first = decide([exit], ledger: ledger)
    let third = decide([exit], ledger: first.ledger, at: Given.later(30), confirmed: true)
    #expect(third.events.map(\.kind) == [.agentParked] && third.launches.isEmpty)
    #expect(third.events[0].reason == "it exits without finishing its work")
    #expect(third.notices.map(\.key) == ["parked"])
    // Other work is another matter.
    let other = Given.seen(Given.toast, Given.corpse(.exited(status: 0)), bead: .known(Given.bead(hook: "gt-x2")))
    let cleared = decide([other], ledger: third.ledger, at: Given.later(40))
    #expect(cleared.events.map(\.kind) == [.agentCleared] && cleared.launches.count == 1)
  }

  @Test func `the Deacon has no hook: its end is answered at once, and counts`() {
    let plan = decide([Given.seen(.deacon, Given.corpse(.exited(status: 0)))], ledger: Given.ledger(.deacon))
    #expect(plan.launches.count == 1 && plan.ledger[.deacon].restartPolicy.crashes.times.count == 1)
  }

  // MARK: Commands that do not exist

  @Test func `a command that does not exist is one event and a hold, which goes when it is there`() {
    let dead = Given.seen(Given.toast, Given.corpse())
    let missing = decide([dead], ledger: Given.ledger(), at: Given.ago(30), missing: [.polecat: "claude"])
    #expect(missing.events.map(\.kind) == [.crashDetected] && missing.launches.isEmpty)
    #expect(missing.findings.map(\.decision) == [.wait] && missing.nextLook == Given.now)
    #expect(missing.findings[0].reason == "its command 'claude' is not there")
    // A package manager has replaced it.
    #expect(decide([dead], ledger: missing.ledger, at: Given.ago(20)).launches.count == 1)
    let first = decide([dead], ledger: missing.ledger, missing: [.polecat: "claude"])
    #expect(first.events.map(\.kind) == [.agentParked] && first.launches.isEmpty)
    #expect(first.events[0].reason == "its command 'claude' is not there")
    #expect(first.findings.map(\.decision) == [.parked] && first.nextLook == Given.later(600))
    var ledger = first.ledger
    for hour in 1..<5 as Range<Int64> {
      let later = decide([dead], ledger: ledger, at: Given.later(hour * 3600), missing: [.polecat: "claude"])
      #expect(later.events.isEmpty && later.notices.isEmpty && later.launches.isEmpty)
      ledger = later.ledger
    }
    let there = decide([dead], ledger: ledger, at: Given.later(20_000))
    #expect(there.events.map(\.kind) == [.agentCleared] && there.launches.count == 1)
    // Another role's command is no concern of it.
    #expect(decide([dead], ledger: Given.ledger(), missing: [.deacon: "x"]).launches.count == 1)
  }

  // MARK: Resuming

  @Test func `a restart resumes, and after one that ended at once the next does not`() {
    var policy = Policy()
    policy.resuming = [.polecat]
    let rules = TownRules(policy: policy)
    let dead = Given.snapshot([Given.seen(Given.toast, Given.corpse())])
    let first = rules.decide(dead, ledger: Given.ledger(), busy: [])
    #expect(first.launches.map(\.resumes) == [true])
    #expect(rules.decide(Given.snapshot([Given.seen()]), ledger: Ledger(), busy: []).launches.map(\.resumes) == [false])
    var ledger = Given.ledger()
    ledger[Given.toast].isResumed = true
    let exited = Given.snapshot([Given.seen(Given.toast, Given.corpse(.exited(status: 1)))])
    ledger[Given.toast].since = Given.ago(5)
    #expect(rules.decide(dead, ledger: ledger, busy: []).launches.map(\.resumes) == [true], "killed by others")
    for (age, resumes) in [(29, false), (31, true)] as [(Int64, Bool)] {
      ledger[Given.toast].since = Given.ago(age)
      #expect(rules.decide(exited, ledger: ledger, busy: []).launches.map(\.resumes) == [resumes], "\(age) s")
    }
  }

  @Test func `a conversation is taken up for the work that it was about only`() {
    var policy = Policy()
    policy.resuming = [.polecat, .deacon]
    let rules = TownRules(policy: policy)
    var ledger = Given.ledger(life: nil)
    ledger[Given.toast].death = AgentRecord.Death(seenAt: Given.ago(5), life: Given.life(), hook: "gt-x1")
    for (hook, resumes) in [("gt-x1", true), ("gt-x2", false)] {
      let dead = Given.snapshot([Given.seen(Given.toast, Given.corpse(), bead: .known(Given.bead(hook: hook)))])
      #expect(rules.decide(dead, ledger: ledger, busy: []).launches.map(\.resumes) == [resumes], "\(hook)")
    }
    let deacon = Given.snapshot([Given.seen(.deacon, Given.corpse())])
    #expect(rules.decide(deacon, ledger: Given.ledger(.deacon), busy: []).launches.map(\.resumes) == [true])
  }

  // MARK: A host without room

  @Test(
    arguments: [
      (HostReading(diskFree: 499 << 20), true), (HostReading(diskFree: 500 << 20), false),
      (HostReading(memoryPressure: 60.5), true), (HostReading(memoryPressure: 60), false), (HostReading(), false),
      (HostReading(diskFree: 1 << 40, memoryPressure: 99), true),
    ] as [(HostReading, Bool)])
  func `no disk or too much pressure holds restarts back`(host: HostReading, holds: Bool) {
    let plan = decide([Given.seen(Given.toast, Given.corpse())], ledger: Given.ledger(), host: host)
    #expect(plan.launches.isEmpty == holds && plan.events.contains { $0.kind == .restartsHeld } == holds)
    #expect(!holds || plan.nextLook == Given.later(30))
  }

  @Test func `that is said once, when it matters, and lets go by itself`() {
    let full = HostReading(diskFree: 0)
    let alive = decide([Given.seen(Given.toast, Given.alive())], ledger: Given.ledger(), host: full)
    #expect(alive.events.isEmpty && alive.ledger.heldBack == nil)
    let dead = [Given.seen(Given.toast, Given.corpse()), Given.seen(.deacon)]
    let first = decide(dead, ledger: Given.ledger(), host: full)
    #expect(first.events.map(\.kind) == [.crashDetected, .restartsHeld])
    #expect(first.events[1].reason == "0 MiB are free on the town's disk, but 500 MiB are required")
    #expect(
      AgentCounts(findings: first.findings, at: Given.now, heldBack: first.ledger.heldBack).line.hasSuffix(
        "; restarts are held back: 0 MiB are free on the town's disk, but 500 MiB are required"))
    let second = decide(dead, ledger: first.ledger, at: Given.later(30), host: full)
    #expect(second.events.isEmpty && second.launches.isEmpty)
    let free = decide(dead, ledger: second.ledger, at: Given.later(60))
    #expect(free.events.map(\.kind) == [.restartsResumed] && free.launches.count == 2)
    #expect(decide(dead, ledger: free.ledger, at: Given.later(61)).events.isEmpty)
  }

  @Test(arguments: [
    ("some avg10=12.50 avg60=3.00 avg300=1.00 total=9\nfull avg10=7.00 avg60=0.00 avg300=0.00 total=1\n", 12.5),
    ("full avg10=7.00 avg60=0.00 avg300=0.00 total=1\n", nil), ("", nil), ("some avg10=x", nil),
    ("some avg10=101", nil),
  ])
  func `pressure stall information is read as the kernel writes it`(text: String, value: Double?) {
    #expect(HostReading.pressure(text) == value)
  }

  // MARK: The pace

  @Test func `no more than the limit are started in a sliding minute, and the rest when there is room`() {
    let names = (0..<50).map { AgentIdentity.polecat(rig: "r", name: "p\($0)") }
    let seen = names.map { Given.seen($0) }
    var ledger = Ledger()
    for _ in 0..<10 { ledger.starts.note(Given.ago(50), within: TownRules.minute) }
    let plan = decide(seen, ledger: ledger)
    #expect(plan.launches.count == 20 && plan.nextLook == Given.later(10))
    #expect(plan.findings.count { $0.decision == .wait && $0.until == Given.later(10) } == 30)
    // Those whose beads are being read are on their way already.
    let busy = Set(names.prefix(30).map(\.session))
    #expect(decide(seen, ledger: Ledger(), busy: busy).launches.isEmpty)
    for session in busy {
      ledger.agents[session, default: AgentRecord()].launch = AgentRecord.Launch(
        at: Given.now, isRestart: false, hook: nil)
    }
    #expect(decide(seen, ledger: ledger, busy: busy).launches.count == 20)
    // The Deacon comes first, whoever else waits.
    let first = decide(seen + [Given.seen(.deacon)], ledger: ledger).launches.first
    #expect(first?.agent == .deacon)
  }
}
