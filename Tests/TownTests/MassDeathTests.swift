// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

/// Many deaths at one time.
@Suite struct MassDeathTests {
  private func polecats(_ count: Int, rig: String = "r") -> [AgentIdentity] {
    (0..<count).map { .polecat(rig: rig, name: "p\($0)") }
  }

  private func ledger(_ agents: [AgentIdentity]) -> Ledger {
    var ledger = Ledger()
    for (index, agent) in agents.enumerated() { ledger[agent].life = Given.life(Int32(index + 10), pane: "%\(index)") }
    return ledger
  }

  /// A look at agents of which the first ones are dead.
  private func look(
    _ agents: [AgentIdentity], dead: Int, ledger: Ledger, at time: Timestamp = Given.now, serverIsThere: Bool = true,
    cause: ExitCause = .signalled(9)
  ) -> Plan {
    let seen = agents.enumerated().map { index, agent in
      guard index < dead else {
        return Given.seen(agent, Given.alive(Given.life(Int32(index + 10), pane: "%\(index)")))
      }
      let pid = Int32(index + 10)
      return Given.seen(agent, serverIsThere ? Given.corpse(cause, pid: pid, pane: "%\(index)") : .absent)
    }
    return TownRules(policy: Policy()).decide(
      Given.snapshot(seen, at: time, servers: serverIsThere ? [Given.server] : []), ledger: ledger, busy: [])
  }

  private func events(_ plan: Plan) -> [TownEvent] { plan.events.filter { $0.kind == .massDeath } }

  @Test(arguments: [
    (2, 2, false), (3, 3, true), (3, 30, true), (3, 31, false), (4, 31, true), (20, 200, true), (19, 200, false),
  ])
  func `three or a tenth of those who lived are a mass death`(dead: Int, of total: Int, isMass: Bool) {
    let agents = polecats(total)
    let plan = look(agents, dead: dead, ledger: ledger(agents))
    #expect(events(plan).count == (isMass ? 1 : 0))
    #expect(plan.events.count { $0.kind == .crashDetected } == dead, "each keeps its entry")
    #expect(plan.launches.count == dead)
    let delays = plan.launches.map(\.delay)
    #expect(delays == (0..<dead).map { isMass ? .milliseconds(250) * $0 : .zero })
  }

  @Test func `deaths within five seconds count together, later ones do not`() {
    let agents = polecats(10)
    for (pause, isMass) in [(4, true), (6, false)] as [(Int64, Bool)] {
      let first = look(agents, dead: 2, ledger: ledger(agents))
      let second = look(agents, dead: 3, ledger: first.ledger, at: Given.later(pause))
      #expect(events(first).isEmpty && events(second).count == (isMass ? 1 : 0))
    }
  }

  @Test func `one that nobody restarts and that dies after the message for its rig is told of`() {
    let crew = AgentIdentity.crew(rig: "r", name: "ada")
    let agents = polecats(4) + [crew, .refinery(rig: "r"), .mayor]
    let first = look(agents, dead: 5, ledger: ledger(agents))
    #expect(first.notices.map(\.key) == [Notice.massDeathKey], "the one message says that crew died")
    let second = look(agents, dead: 6, ledger: first.ledger, at: Given.later(2))
    #expect(second.notices.map(\.key) == [Notice.diedKey])
    #expect(second.notices.first?.agent == .refinery(rig: "r"))
    var again = first.ledger
    again[crew].life = Given.life(14, pane: "%4")
    let third = look(agents, dead: 5, ledger: again, at: Given.later(3))
    #expect(third.notices.map(\.key) == [Notice.diedKey], "the one message told of one death of its")
  }

  @Test func `one that dies once more after its own message is told of when it has become quiet`() {
    let crew = (1...3).map { AgentIdentity.crew(rig: "r", name: "c\($0)") }
    let agents = polecats(4) + crew
    func ledger(_ former: Ledger, with living: Int...) -> Ledger {
      var ledger = former
      for index in living { ledger[agents[index]].life = Given.life(Int32(index + 10), pane: "%\(index)") }
      return ledger
    }
    let first = look(agents, dead: 4, ledger: self.ledger(agents))
    let second = look(agents, dead: 5, ledger: first.ledger, at: Given.later(1))
    #expect(second.notices.map(\.agent) == [crew[0]])
    // The first one dies again, and two others do; the message for the first says nothing of that.
    let third = look(agents, dead: 7, ledger: ledger(second.ledger, with: 4), at: Given.later(2))
    #expect(third.notices.isEmpty && third.events.count { $0.kind == .crashDetected } == 3)
    #expect(third.ledger.massDeath?.due == Given.later(32))
    let last = look(agents, dead: 7, ledger: third.ledger, at: Given.later(32))
    #expect(last.notices.count == 1 && last.notices.first?.recipients == crew[0].guardians)
    for agent in crew { #expect(last.notices.first?.body.contains("session: \(agent.session)\n") == true) }
    #expect(last.ledger.massDeath == nil)
    #expect(look(agents, dead: 7, ledger: last.ledger, at: Given.later(33)).notices.isEmpty)
  }

  @Test func `deaths in a mass death that does not end are told of within a minute`() {
    let crew = AgentIdentity.crew(rig: "r", name: "ada")
    let agents = polecats(4) + [crew]
    var plan = look(agents, dead: 4, ledger: ledger(agents))
    plan = look(agents, dead: 5, ledger: plan.ledger, at: Given.later(1))
    var told = 0
    // It dies again every twenty seconds.
    for round in 1...9 as ClosedRange<Int64> {
      var ledger = plan.ledger
      ledger[crew].life = Given.life(14, pane: "%4")
      plan = look(agents, dead: 5, ledger: ledger, at: Given.later(1 + 20 * round))
      #expect(plan.ledger.massDeath != nil)
      told += plan.notices.count { $0.agent == crew }
    }
    #expect(told == 2)
  }

  @Test func `one that dies three times is no three`() {
    let agents = polecats(10)
    var ledger = ledger(agents)
    for second in 0..<4 as Range<Int64> {
      let plan = look(agents, dead: 1, ledger: ledger, at: Given.later(second))
      #expect(events(plan).isEmpty && plan.events.map(\.kind) == [.crashDetected])
      ledger = plan.ledger
      ledger[agents[0]].life = Given.life(10, pane: "%0")
      ledger[agents[0]].death = nil
    }
  }

  @Test func `a tmux server that is gone is the cause, and named`() {
    let agents = polecats(2)
    let plan = look(agents, dead: 2, ledger: ledger(agents), serverIsThere: false)
    #expect(events(plan).map(\.reason) == ["their tmux server (pid 100) is gone"])
    let killed = look(polecats(4), dead: 4, ledger: ledger(polecats(4)))
    #expect(events(killed).map(\.reason) == ["killed by signal 9"])
    #expect(events(killed)[0].message.hasPrefix("4 agents were found dead at once: killed by signal 9"))
  }

  @Test func `it is one event until it has been quiet for half a minute`() {
    let agents = polecats(20)
    var plan = look(agents, dead: 3, ledger: ledger(agents))
    #expect(events(plan).count == 1 && plan.ledger.massDeath?.end == Given.later(30))
    plan = look(agents, dead: 4, ledger: plan.ledger, at: Given.later(29))
    #expect(events(plan).isEmpty && plan.ledger.massDeath?.count == 4 && plan.ledger.massDeath?.end == Given.later(59))
    plan = look(agents, dead: 4, ledger: plan.ledger, at: Given.later(58))
    #expect(plan.ledger.massDeath != nil)
    plan = look(agents, dead: 4, ledger: plan.ledger, at: Given.later(59))
    #expect(plan.ledger.massDeath == nil && events(plan).isEmpty)
    plan = look(agents, dead: 7, ledger: plan.ledger, at: Given.later(60))
    #expect(events(plan).count == 1)
  }

  @Test func `the alerts become one for each rig`() {
    var agents = polecats(3, rig: "a") + polecats(2, rig: "b")
    agents += [.crew(rig: "a", name: "ada"), .crew(rig: "b", name: "bob"), .mayor]
    let plan = look(agents, dead: agents.count, ledger: ledger(agents))
    #expect(plan.notices.map(\.key) == ["mass-death", "mass-death", "mass-death"])
    #expect(plan.notices.map(\.recipients) == [["mayor/", "overseer"], ["a/witness"], ["b/witness"]])
    #expect(plan.notices[1].subject == "MASS_DEATH: 4 agents of rig a found dead at once: killed by signal 9")
    #expect(plan.notices[1].body.contains("  a/p2\n") && !plan.notices[1].body.contains("b/p0"))
    // Those who die later in the same are told of no more.
    let more = polecats(4, rig: "a")
    var ledger = plan.ledger
    ledger[more[3]].life = Given.life(13, pane: "%3")
    let later = look(more, dead: 4, ledger: ledger, at: Given.later(9))
    #expect(later.events.map(\.kind) == [.crashDetected] && later.notices.isEmpty)
  }

  @Test func `of those who cannot be started then one is told for each rig`() {
    var plan = Plan(ledger: Ledger())
    plan.ledger.massDeath = MassDeath(since: Given.now, cause: "killed by signal 9", count: 9)
    for agent in polecats(3, rig: "a") + polecats(2, rig: "b") {
      let order = LaunchOrder(agent: agent, rule: .sessionHealth, isRestart: true, hook: "gt-1", place: .newSession)
      LaunchRule.record(.failed("no"), of: order, at: Given.now, policy: Policy(), in: &plan)
    }
    #expect(plan.events.count == 5 && plan.notices.map(\.recipients) == [["a/witness"], ["b/witness"]])
    #expect(plan.notices[0].body.contains("there is no message for others in the same state"))
    plan.ledger.massDeath = nil
    plan.tell(.cannotStart(Given.toast, hook: nil, reason: "x"))
    #expect(plan.notices.count == 3)
  }
}
