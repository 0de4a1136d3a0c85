// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Town

@Suite struct FreezeRuleTests {
  private static let agent = AgentIdentity.polecat(rig: "rig", name: "toast")
  private static let life = ProcessLife(
    boot: "boot", server: ServerIdentity(pid: 100, startedAt: 1), pane: "%1", pid: 7, startTime: 7)
  private static let start = Timestamp(seconds: 1_800_000_000)

  /// One look at an agent that has had work for long, and does nothing about it.
  private func look(
    _ ledger: Ledger, after: Duration, isFrozen: Bool?, life: ProcessLife = FreezeRuleTests.life
  ) -> Plan {
    let bead = Bead(
      id: Self.agent.bead, title: "toast", description: "toast\n\nagent_state: working\nhook_bead: gt-work",
      type: "agent", createdAt: Self.start, updatedAt: Self.start)
    let work = Bead(
      id: "gt-work", title: "work", description: "", type: "task", createdAt: Self.start, updatedAt: Self.start)
    var observation = AgentObservation(
      agent: Self.agent,
      liveness: .alive(life, place: Liveness.Place(serverName: "x", isOwnServer: true, isMarked: true)),
      bead: .known(bead), work: work)
    observation.isFrozen = isFrozen
    let snapshot = TownSnapshot(
      time: Self.start + after, boot: "boot", rigs: [Rig(name: "rig")], agents: [observation],
      servers: [Self.life.server])
    return TownRules(policy: Policy()).decide(snapshot, ledger: ledger, busy: [], look: .heartbeat)
  }

  @Test func `a frozen agent is told of once, and judged by nothing that it does not do meanwhile`() {
    var plan = look(Ledger(), after: .zero, isFrozen: false)
    #expect(!plan.events.contains { $0.kind == .agentFrozen || $0.kind == .agentThawed })
    plan = look(plan.ledger, after: .seconds(60), isFrozen: true)
    #expect(plan.events.map(\.kind) == [.agentFrozen])
    #expect(plan.findings.first?.decision == .alive && plan.findings.first?.reason.contains("frozen") == true)
    for hours in 1...3 {
      plan = look(plan.ledger, after: .seconds(hours * 3_600), isFrozen: true)
      #expect(plan.events.isEmpty && plan.notices.isEmpty && plan.launches.isEmpty && plan.marks.isEmpty)
    }
    // One that was not looked at is as it was.
    plan = look(plan.ledger, after: .seconds(3 * 3_600 + 1), isFrozen: nil)
    #expect(plan.events.isEmpty && plan.ledger[Self.agent].freeze?.isOngoing == true)
    plan = look(plan.ledger, after: .seconds(4 * 3_600), isFrozen: false)
    #expect(plan.events.map(\.kind) == [.agentThawed] && plan.notices.isEmpty)
    // It has half an hour from then on, as anybody has.
    plan = look(plan.ledger, after: .seconds(4 * 3_600 + 1_799), isFrozen: false)
    #expect(plan.events.isEmpty && plan.notices.isEmpty)
    plan = look(plan.ledger, after: .seconds(4 * 3_600 + 1_800), isFrozen: false)
    #expect(plan.events.map(\.kind) == [.guppViolation] && plan.notices.count == 1)
  }

  @Test func `what was true of a former life is not true of the next`() {
    var plan = look(Ledger(), after: .zero, isFrozen: true)
    #expect(plan.ledger[Self.agent].freeze?.isOngoing == true)
    var next = Self.life
    next.pid = 8
    plan = look(plan.ledger, after: .seconds(10), isFrozen: false, life: next)
    #expect(plan.ledger[Self.agent].freeze == nil && !plan.events.contains { $0.kind == .agentThawed })
  }

  @Test func `one that waits for its prompt has its time when it goes on`() {
    var observation = AgentObservation(
      agent: Self.agent,
      liveness: .alive(Self.life, place: Liveness.Place(serverName: "x", isOwnServer: true, isMarked: true)),
      bead: .known(nil))
    let policy = Policy()
    var ledger = Ledger()
    func decide(_ pending: [PendingSpawn], after: Duration, isFrozen: Bool) -> SpawnRule.Plan {
      observation.isFrozen = isFrozen
      let snapshot = TownSnapshot(time: Self.start + after, boot: "boot", agents: [observation])
      return SpawnRule.decide(
        pending, snapshot: snapshot,
        screens: [Self.agent.session: ["> "]].filter { _ in isFrozen }
          .merging(isFrozen ? [:] : [Self.agent.session: ["loading"]]) { $1 }.mapValues { PaneScreen(printed: $0) },
        busy: [], ledger: &ledger, policy: policy)
    }
    var plan = decide([.of(Self.agent, hook: nil, at: Self.start)], after: .zero, isFrozen: false)
    // Although its prompt is there: it could not hear that it is to begin.
    for minutes in [1, 10, 100] {
      plan = decide(plan.pending, after: .seconds(60 * minutes), isFrozen: true)
      #expect(plan.pending.count == 1 && plan.begin.isEmpty && plan.events.isEmpty && plan.notices.isEmpty)
    }
    plan = decide(plan.pending, after: .seconds(6_000 + 60), isFrozen: false)
    #expect(plan.pending.count == 1 && plan.events.isEmpty && plan.notices.isEmpty)
    plan = decide(plan.pending, after: .seconds(6_000 + 121), isFrozen: false)
    #expect(plan.events.map(\.kind) == [.agentNotReady])
  }

  @Test func `a frozen agent is alive and well, and is shown as frozen`() {
    var observation = AgentObservation(
      agent: Self.agent,
      liveness: .alive(Self.life, place: Liveness.Place(serverName: "x", isOwnServer: true, isMarked: true)),
      bead: .known(nil))
    observation.isFrozen = true
    let check = SessionCheck(
      observation, record: AgentRecord(), hook: { _ in .known(nil) }, at: Self.start, policy: Policy())
    #expect(check.state == .alive && check.isFrozen && check.isWell && check.pid == 7)
    #expect(check.reason?.contains("gt session thaw rig/toast") == true)
    observation.isFrozen = false
    let other = SessionCheck(
      observation, record: AgentRecord(), hook: { _ in .known(nil) }, at: Self.start, policy: Policy())
    #expect(!other.isFrozen && other.reason == nil)
  }
}
