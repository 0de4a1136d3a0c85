// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

@Suite struct SpawnRuleTests {
  private func decide(
    _ liveness: Liveness, screen: [String]? = [], seen: Timestamp? = nil, busy: Set<String> = [],
    ledger: Ledger = Ledger(),
    agents: [AgentObservation]? = nil, registryFailure: String? = nil, policy: Policy = Policy()
  ) -> (plan: SpawnRule.Plan, ledger: Ledger) {
    var spawn = PendingSpawn.of(Given.toast, hook: "gt-x1", at: Given.ago(900), policy: policy)
    spawn.firstSeen = seen
    var snapshot = Given.snapshot(agents ?? [Given.seen(Given.toast, liveness)])
    snapshot.registryFailure = registryFailure
    var ledger = ledger
    let plan = SpawnRule.decide(
      [spawn], snapshot: snapshot, screens: screen.map { [Given.toast.session: PaneScreen(printed: $0)] } ?? [:],
      busy: busy,
      ledger: &ledger,
      policy: policy)
    return (plan, ledger)
  }

  @Test func `one at its prompt is told to begin, and kept until it was`() {
    let plan = decide(Given.alive(), screen: ["❯\u{A0}"], seen: Given.ago(9_999)).plan
    #expect(plan.begin.map(\.life) == [Given.life()])
    #expect(plan.pending.count == 1 && plan.events.isEmpty)
  }

  @Test func `one that has its first prompt as an argument is told nothing, and is ready once it has taken it`() {
    var policy = Policy()
    policy.firstPrompts = [.polecat: "Begin."]
    func told(_ screen: [String], seen: Timestamp = Given.ago(4)) -> SpawnRule.Plan {
      decide(Given.alive(), screen: screen, seen: seen, policy: policy).plan
    }
    for screen in [["✻ Thinking… (esc to interrupt)", "❯\u{A0}"], ["❯ Begin.", "● ok", "❯\u{A0}"]] {
      let plan = told(screen)
      #expect(plan.begin.isEmpty && plan.pending.isEmpty && plan.events.map(\.kind) == [.agentReady])
      #expect(plan.events.first?.message.contains("argument") == true)
    }
    // Not yet taken, and at a question of its start.
    for screen in [["❯\u{A0}"], ["loading"], ["❯ No, exit", "  Yes", "Enter to confirm", ""], ["❯\u{A0}typed"]] {
      let plan = told(screen)
      #expect(plan.begin.isEmpty && plan.pending.map(\.isTold) == [true] && plan.events.isEmpty)
    }
    #expect(told(["❯\u{A0}"], seen: Given.ago(31)).events.map(\.kind) == [.agentReady])
    #expect(
      told(["❯ No, exit", "  Yes", "Enter to confirm", ""], seen: Given.ago(121)).events.map(\.kind) == [.agentNotReady]
    )
  }

  @Test func `at a question nobody is told to begin, and a person is told after two minutes`() {
    let question = ["Would you like to run it?", "› 1. Yes (y)", "  2. No", "", "Press enter to confirm", ""]
    #expect(decide(Given.alive(), screen: question, seen: Given.ago(119)).plan.begin.isEmpty)
    let plan = decide(Given.alive(), screen: question, seen: Given.ago(120)).plan
    #expect(plan.begin.isEmpty && plan.pending.count == 1 && plan.events.map(\.kind) == [.agentNotReady])
  }

  @Test func `only what is the agent's, on whichever server, is read and told`() {
    func isWatched(_ change: (inout Liveness.Place) -> Void) -> Bool {
      var place = Given.place(own: false, marked: false)
      change(&place)
      let snapshot = Given.snapshot([Given.seen(Given.toast, .alive(Given.life(), place: place))])
      let spawn = PendingSpawn.of(Given.toast, hook: nil, at: Given.now)
      return SpawnRule.watched([spawn], in: snapshot) == [Given.toast.session: Given.life()]
    }
    #expect(isWatched { _ in })
    #expect(isWatched { $0.isMarked = true })
    #expect(!isWatched { $0.objection = "who knows" })
    #expect(!isWatched { $0.settlesIn = .seconds(1) })
  }

  @Test func `one without a prompt is looked at every two seconds, and its first sight is kept`() {
    let plan = decide(Given.alive(), screen: ["loading"]).plan
    #expect(plan.begin.isEmpty && plan.pending.map(\.firstSeen) == [Given.now] && plan.nextLook == Given.later(2))
    #expect(decide(Given.alive(), screen: nil, seen: Given.later(50)).plan.pending.map(\.firstSeen) == [Given.now])
  }

  @Test func `after two minutes it is told once that it is not ready, with the last lines`() {
    let (plan, ledger) = decide(Given.alive(), screen: ["login:", ""], seen: Given.ago(120))
    #expect(plan.events.map(\.kind) == [.agentNotReady] && plan.events[0].message.contains("login:"))
    #expect(plan.notices.map(\.key) == ["not-ready"] && plan.notices[0].body.contains("  login:"))
    #expect(plan.pending.count == 1)
    let again = decide(Given.alive(), screen: ["login:"], seen: Given.ago(130), ledger: ledger).plan
    #expect(again.events.isEmpty && again.notices.isEmpty)
    #expect(decide(Given.alive(), screen: [], seen: Given.ago(119)).plan.events.isEmpty)
  }

  @Test func `after five minutes in sight, and no sooner, it is given up`() {
    let plan = decide(Given.alive(), screen: ["busy"], seen: Given.ago(300)).plan
    #expect(plan.pending.isEmpty && plan.events.map(\.kind) == [.spawnDropped] && plan.nextLook == nil)
    #expect(decide(Given.alive(), screen: ["busy"], seen: Given.ago(299)).plan.pending.count == 1)
    // Its age alone does not count: the daemon may have been down.
    #expect(decide(Given.alive(), screen: ["busy"]).plan.pending.count == 1)
  }

  @Test(arguments: [Liveness.absent, Given.corpse(), Given.shell()])
  func `one whose session is gone is dropped, with a word`(liveness: Liveness) {
    let plan = decide(liveness).plan
    #expect(plan.pending.isEmpty && plan.events.map(\.kind) == [.spawnDropped])
  }

  @Test func `nobody is dropped because something could not be read, or while somebody is busy with it`() {
    #expect(decide(.unknown("tmux")).plan.pending.count == 1)
    #expect(decide(.absent, agents: [], registryFailure: "rigs.json").plan.pending.count == 1)
    #expect(decide(.absent, busy: [Given.toast.session]).plan.pending.count == 1)
    #expect(decide(.absent, agents: []).plan.events.map(\.kind) == [.spawnDropped])
  }

  @Test func `only panes of the living are read`() {
    let spawn = PendingSpawn.of(Given.toast, hook: nil, at: Given.now)
    #expect(
      SpawnRule.watched([spawn], in: Given.snapshot([Given.seen(Given.toast, Given.alive())])) == [
        spawn.session: Given.life()
      ])
    #expect(SpawnRule.watched([spawn], in: Given.snapshot([Given.seen()])).isEmpty)
    let alive = Given.snapshot([Given.seen(Given.toast, Given.alive())])
    #expect(SpawnRule.watched([spawn], in: alive, busy: [spawn.session]).isEmpty)
    #expect(SpawnRule.watched([], in: Given.snapshot([Given.seen(Given.toast, Given.alive())])).isEmpty)
  }
}
