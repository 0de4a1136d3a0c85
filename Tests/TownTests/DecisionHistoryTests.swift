// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Town

/// What of a turn is kept, and what is said to come next.
@Suite struct DecisionHistoryTests {
  private let rules = TownRules(policy: Policy())

  private func turn(
    _ history: inout DecisionHistory, _ observations: [AgentObservation], ledger: Ledger,
    at time: Timestamp = Given.now,
    recall: (String) -> HistoryEntry? = { _ in nil }
  ) -> (added: [String: [HistoryEntry]], ledger: Ledger) {
    let snapshot = Given.snapshot(observations, at: time)
    let plan = rules.decide(snapshot, ledger: ledger, busy: [])
    return (history.take(plan, snapshot: snapshot, recall: recall), plan.ledger)
  }

  @Test func `a death and the decision about it are kept with their evidence, and nothing twice`() throws {
    var history = DecisionHistory()
    let alive = turn(&history, [Given.seen(Given.toast, Given.alive())], ledger: Given.ledger())
    #expect(alive.added[Given.toast.session]?.map(\.what) == ["alive"])
    #expect(turn(&history, [Given.seen(Given.toast, Given.alive())], ledger: alive.ledger).added.isEmpty)
    let death = turn(&history, [Given.seen(Given.toast, Given.corpse())], ledger: alive.ledger)
    let lines = try #require(death.added[Given.toast.session])
    #expect(lines.map(\.what) == ["crash_detected", "restart"] && lines.map(\.kind) == [.event, .decision])
    let id = CrashCapsule.id(time: Given.now, session: Given.toast.session)
    for line in lines {
      #expect(line.capsule == id && line.cause == "killed by signal 9" && line.pid == 4711 && line.bead == "gt-x1")
    }
    #expect(lines[1].agentState == "working" && lines[1].rule == "session health")
    #expect(turn(&history, [Given.seen(Given.toast, Given.corpse())], ledger: death.ledger).added.isEmpty)
  }

  @Test func `two hundred agents to whom nothing happens write nothing`() {
    var history = DecisionHistory()
    let agents = (1...200).map { AgentIdentity.polecat(rig: "r", name: "p\($0)") }
    let seen = agents.map { Given.seen($0, Given.alive()) }
    let first = turn(&history, seen, ledger: Ledger())
    #expect(first.added.count == 200)
    #expect(turn(&history, seen, ledger: first.ledger, at: Given.later(300)).added.isEmpty)
  }

  @Test func `after a restart of the daemon what was decided before is not told again`() {
    var before = DecisionHistory()
    let first = turn(&before, [Given.seen(Given.toast, Given.alive())], ledger: Given.ledger())
    let kept = first.added[Given.toast.session]?.last
    var after = DecisionHistory()
    let asked = [Given.seen(Given.toast, Given.alive())]
    #expect(turn(&after, asked, ledger: first.ledger, recall: { _ in kept }).added.isEmpty)
    var other = DecisionHistory()
    #expect(turn(&other, asked, ledger: first.ledger).added.count == 1)
  }

  @Test func `a job that is under way is no decision`() {
    var history = DecisionHistory()
    let snapshot = Given.snapshot([Given.seen(Given.toast, Given.corpse())])
    let plan = rules.decide(snapshot, ledger: Given.ledger(), busy: [Given.toast.session])
    #expect(plan.findings.map(\.decision) == [.underway])
    #expect(history.take(plan, snapshot: snapshot) { _ in nil }.isEmpty)
  }

  @Test func `a bead that was written in the millisecond of its addition is untouched`() throws {
    var bead = Given.bead(Given.toast)
    bead.updatedAt = Timestamp(nanoseconds: Given.now.nanoseconds + 700_000)
    let added = HistoryEntry.added(at: Timestamp(nanoseconds: Given.now.nanoseconds + 800_000), hook: "gt-x1")
    let kept = try JSONDecoder().decode(HistoryEntry.self, from: JSONEncoder().encode(added))
    let time = try #require(HistoryEntry.additionOnly([kept]))
    #expect(HistoryEntry.isUntouched(bead, since: time))
    bead.updatedAt = Timestamp(nanoseconds: Given.now.nanoseconds + 1_800_000)
    #expect(!HistoryEntry.isUntouched(bead, since: time))
  }

  @Test func `a line's layout is fixed`() throws {
    let entry = HistoryEntry(time: Given.now, kind: .decision, what: "leave", reason: "nothing on its hook")
    let data = try JSONEncoder().encode(entry)
    #expect(try JSONDecoder().decode(HistoryEntry.self, from: data) == entry)
    let object = try #require(try JSONDecoder().decode(JSONValue.self, from: data).object)
    #expect(
      Set(object.keys) == [
        "time", "kind", "what", "rule", "reason", "until", "cause", "pid", "bead", "agent_state", "capsule",
      ])
    #expect(object["until"] == .null && object["time"] == .string("2027-01-15T08:00:00Z"))
  }

  // MARK: What comes next

  private func finding(_ decision: Finding.Decision, until: Timestamp? = nil) -> Finding {
    Finding(
      subject: "my-rig/toast", session: Given.toast.session, rule: .sessionHealth, decision: decision, reason: "so",
      until: until)
  }

  private func next(
    _ finding: Finding, spawn: PendingSpawn? = nil, daemon: NextStep.Daemon = .running(nextHeartbeat: Given.later(60))
  ) -> NextStep {
    NextStep(after: finding, spawn: spawn, daemon: daemon, at: Given.now, policy: Policy())
  }

  @Test func `every decision has a next step, with its time where there is one`() {
    #expect(next(finding(.alive)).at == nil)
    #expect(next(finding(.restart)) == NextStep("it is restarted", at: Given.now))
    #expect(next(finding(.wait, until: Given.later(8))).at == Given.later(8))
    #expect(next(finding(.stuck)).at == Given.now + TownRules.retry)
    #expect(next(finding(.unknown, until: Given.later(9))).at == Given.later(9))
    #expect(next(finding(.leave)).at == Given.later(60) && next(finding(.mark)).at == Given.later(60))
    let spawn = PendingSpawn.of(Given.toast, hook: nil, at: Given.now)
    let told = next(finding(.alive), spawn: spawn)
    #expect(told.at == Given.later(300) && told.what.contains("told to begin"))
    for decision in [Finding.Decision.start, .restart, .wait, .stuck, .unknown] {
      let step = next(finding(decision, until: Given.later(8)), daemon: .stopped)
      #expect(step.at == nil && step.what.hasPrefix("nothing, as no daemon runs") && step.what.contains("gt daemon"))
    }
  }

  @Test func `stale agents, stuck ones and orphaned work are findings too`() {
    let refinery = AgentIdentity.refinery(rig: "my-rig")
    let stale = Given.seen(refinery, bead: .known(Given.bead(refinery, state: "running", hook: nil)))
    let orphan = Given.seen(
      Given.toast, bead: .known(Given.bead(state: "dead")), hooked: .known(Given.work(.open)))
    let stuckAgent = AgentIdentity.polecat(rig: "my-rig", name: "slow")
    let stuck = Given.seen(
      stuckAgent, Given.alive(), bead: .known(Given.bead(stuckAgent)), hooked: .known(Given.work(.open)))
    var ledger = Ledger()
    ledger[stuckAgent].life = Given.life()
    ledger[stuckAgent].since = Given.ago(7_200)
    let plan = rules.decide(Given.snapshot([stale, orphan, stuck]), ledger: ledger, busy: [], look: .heartbeat)
    let found = plan.dutyFindings
    #expect(Set(found.map(\.rule)) == [.staleAgents, .orphanedWork, .guppViolations])
    #expect(found.first { $0.rule == .staleAgents }?.decision == .mark)
    #expect(found.first { $0.rule == .guppViolations }?.reason.contains("my-rig/witness: GUPP_VIOLATION") == true)
    #expect(found.first { $0.rule == .orphanedWork }?.subject == "my-rig/toast")
  }
}
