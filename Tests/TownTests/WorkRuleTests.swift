// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct WorkRuleTests {
  private enum Answer: Sendable { case run, rest, wait, unknown }

  private func answer(_ observation: AgentObservation) -> Answer {
    switch WorkRule.need(of: observation, shutdown: nil, at: Given.now, steps: ClockSteps(), policy: Policy()) {
    case .run(let hook):
      #expect(hook == (observation.agent.role == .polecat ? "gt-x1" : nil))
      return .run
    case .rest(_, let reason):
      #expect(!reason.isEmpty)
      return .rest
    case .wait(let until, _):
      #expect(until > Given.now && until <= Given.later(600))
      return .wait
    case .unknown(let reason):
      #expect(!reason.isEmpty)
      return .unknown
    }
  }

  @Test(
    arguments: [
      ("working", .run), ("running", .run), ("idle", .run), ("stuck", .run), (nil, .run), ("levitating", .run),
      ("done", .rest), ("nuked", .rest), ("stopped", .rest), ("dead", .rest),
    ] as [(String?, Answer)])
  private func `what a polecat says of itself decides whether it runs`(state: String?, expected: Answer) {
    #expect(answer(Given.seen(bead: .known(Given.bead(state: state)))) == expected)
  }

  @Test(
    arguments: [
      (0, .wait), (299, .wait), (300, .run), (86_400, .run), (-10, .wait), (-299, .wait), (-301, .run), (-86_400, .run),
    ] as [(Int64, Answer)])
  private func `a spawning polecat is left alone for five minutes, also where its clock is ahead`(
    age: Int64, expected: Answer
  ) {
    #expect(answer(Given.seen(bead: .known(Given.bead(state: "spawning", updated: Given.ago(age))))) == expected)
  }

  @Test(
    arguments: [
      (nil, .run), (.open, .run), (.hooked, .run), (Bead.Status(rawValue: "in_progress"), .run), (.closed, .rest),
      (.tombstone, .rest),
    ] as [(Bead.Status?, Answer)])
  private func `only a closed or a deleted hook bead takes the work away`(status: Bead.Status?, expected: Answer) {
    #expect(answer(Given.seen(work: status.map { Given.work($0) })) == expected)
  }

  @Test private func `another bead that is closed says nothing of this hook`() {
    #expect(answer(Given.seen(work: Given.work(.closed, id: "gt-x2"))) == .run)
  }

  @Test(arguments: [Bead.Status.closed, .tombstone])
  private func `an agent bead that is over means rest`(status: Bead.Status) {
    #expect(answer(Given.seen(bead: .known(Given.bead(status: status)))) == .rest)
  }

  @Test private func `no bead or no hook means rest, an unreadable bead means unknown`() {
    #expect(answer(Given.seen(bead: .known(nil))) == .rest)
    #expect(answer(Given.seen(bead: .known(Given.bead(hook: nil)))) == .rest)
    #expect(answer(Given.seen(bead: .unknown("bd timed out"))) == .unknown)
  }

  @Test(arguments: [Given.toast, .deacon, .witness(rig: "my-rig")])
  private func `a person's decision comes first, and one that cannot be read is unknown`(agent: AgentIdentity) {
    for hold in [Given.stopped, Given.held] {
      #expect(answer(Given.seen(agent, bead: .unknown("bd"), hold: .known(hold))) == .rest)
    }
    #expect(answer(Given.seen(agent, hold: .unknown("permission denied"))) == .unknown)
    #expect(answer(Given.seen(agent)) == .run)
  }

  @Test(arguments: [AgentIdentity.deacon, .witness(rig: "r")])
  private func `Deacon and Witnesses run whatever their bead says`(agent: AgentIdentity) {
    #expect(answer(Given.seen(agent, bead: .known(Given.bead(agent, state: "stopped", status: .closed)))) == .run)
    #expect(answer(Given.seen(agent, bead: .unknown("bd"))) == .run)
  }

  @Test(arguments: [AgentIdentity.mayor, .refinery(rig: "r"), .crew(rig: "r", name: "ada")])
  private func `Mayor, Refinery and crew are left to others`(agent: AgentIdentity) {
    #expect(answer(Given.seen(agent)) == .rest)
  }

  @Test private func `the hook bead read afresh is unknown, missing or there`() {
    #expect(WorkRule.hook("gt-x1", reading: .unknown("bd")) == .unknown("bd"))
    #expect(WorkRule.hook("gt-x1", reading: .known(nil)) == .run(hook: "gt-x1"))
    #expect(WorkRule.hook("gt-x1", reading: .known(Given.work(.open))) == .run(hook: "gt-x1"))
    guard case .rest(.idle, _) = WorkRule.hook("gt-x1", reading: .known(Given.work(.tombstone))) else {
      return #expect(Bool(false))
    }
  }
}
