// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing

@testable import Town

/// Capsules and histories, and that nothing waits for them which must not.
@Suite(.timeLimit(.minutes(1))) struct EvidenceTests {
  private let town = ModelTown()

  private func capsules(of agent: AgentIdentity) -> [CrashCapsule] {
    town.with { $0.capsules.values.filter { $0.session == agent.session }.sorted { $0.id < $1.id } }
  }

  private func entries(_ kind: EventKind) -> [[String: String]] {
    town.with { $0.entries.filter { $0["GT_EVENT"] == kind.rawValue } }
  }

  private func captures() -> [[String]] {
    town.log.compactMap { if case .lastWords(let panes) = $0 { panes } else { nil } }
  }

  @Test func `a crash leaves a capsule, and two entries of the journal that name it`() async throws {
    let toast = town.addPolecat("toast")
    town.raise(.deacon, toast)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.lastWords["%2"] = ["working", "panic: no more", ""] }
      town.kill(toast)
      await supervisor.beat()
    }
    let capsule = try #require(capsules(of: toast).first)
    #expect(capsules(of: toast).count == 1 && capsule.kind == .killed && capsule.exitSignal == 9)
    #expect(capsule.lastWords == .known(["working", "panic: no more", ""]) && capsule.hook == "gt-work")
    #expect(capsule.worktree.value?.branch == "work" && capsule.killedBy == "unknown")
    #expect(entries(.crashDetected).map { $0["GT_CAPSULE"] } == [capsule.id])
    let words = entries(.lastWords)
    #expect(words.map { $0["GT_CAPSULE"] } == [capsule.id] && words.map { $0["GT_SESSION"] } == [toast.session])
    #expect(words.map { $0["GT_LAST_WORDS"] } == ["working\npanic: no more"])
    #expect(town.errors.isEmpty)
  }

  @Test func `all deaths of a turn are one capture, and the restart waits for that alone`() async throws {
    let polecats = (1...20).map { town.addPolecat("p\($0)") }
    town.raise(.deacon)
    for polecat in polecats { town.raise(polecat) }
    // Twenty at once come back one after the other, which is not what this is about.
    var policy = Policy()
    policy.restart.stagger = .zero
    try await withSupervisor(of: town, policy: policy) { supervisor in
      await supervisor.beat()
      town.close(.lastWords)
      town.close(.worktree)
      for polecat in polecats { town.kill(polecat) }
      await supervisor.askBeat()
      await town.wait { state in state.log.contains { if case .lastWords = $0 { true } else { false } } }
      // The beads are read afresh meanwhile, and the starts ordered; none is made.
      await town.wait { $0.ledger.agents.values.count { $0.launch != nil } == 20 }
      #expect(captures().count == 1 && Set(captures()[0]).count == 20)
      #expect(polecats.allSatisfy { town.processes(of: $0) == 1 })
      town.open(.lastWords)
      // git hangs, and everybody is back.
      await town.wait { state in polecats.allSatisfy { state.processes[$0.session] == 2 } }
      await town.wait { $0.capsules.count == 20 }
      #expect(town.with { $0.capsules.values.allSatisfy { $0.worktree.failure != nil } })
      town.open(.worktree)
      await town.wait { $0.capsules.values.allSatisfy { $0.worktree.value != nil } }
    }
    #expect(town.with { $0.capsules.count } == 20 && captures().count == 1)
  }

  @Test func `a beat is over when its capsules are whole`() async throws {
    let toast = town.addPolecat("toast")
    town.raise(.deacon, toast)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(toast)
      await supervisor.beat()
      #expect(capsules(of: toast).map { $0.worktree.value?.head } == ["c0ffee"])
    }
  }

  @Test func `the end of gathering is no turn`() async throws {
    let toast = town.addPolecat("toast")
    town.raise(.deacon, toast)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.close(.worktree)
      town.kill(toast)
      await supervisor.askBeat()
      await town.wait(for: .event(.agentRestarted, toast.session))
      await town.wait(for: .worktree(toast.session))
      let looks = town.count(.look)
      town.open(.worktree)
      await town.wait { $0.capsules.values.contains { $0.worktree.value != nil } }
      await supervisor.askWatchdog()
      await town.wait(for: .watchdog)
      #expect(town.count(.look) == looks)
    }
  }

  @Test func `a disk that is full is said once, and holds up nobody`() async throws {
    let polecats = ["a", "b"].map { town.addPolecat($0) }
    town.raise(.deacon, polecats[0], polecats[1])
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.evidenceFailure = "no space left on device" }
      for polecat in polecats {
        town.kill(polecat)
        await supervisor.beat()
        #expect(town.isAlive(polecat))
      }
      #expect(town.errors.count { $0.contains("capsule") } == 1 && town.errors.count { $0.contains("history") } == 1)
      #expect(entries(.lastWords).count == 2)
      town.with { $0.evidenceFailure = nil }
      town.jump(by: .seconds(700))
      town.kill(polecats[0])
      await supervisor.beat()
      #expect(capsules(of: polecats[0]).count == 1 && town.errors.count == 2)
    }
  }

  @Test func `the kernel's kill is known by its count`() async throws {
    let toast = town.addPolecat("toast")
    town.raise(.deacon, toast)
    town.with { $0.memory = MemoryEvents(controlGroup: "/a", counts: ["oom_kill": 3]) }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.memory?.counts["oom_kill"] = 4 }
      town.kill(toast)
      await supervisor.beat()
      #expect(capsules(of: toast).map(\.killedBy) == ["oom_killer"])
      // The next life begins with that count.
      town.jump(by: .seconds(700))
      town.kill(toast)
      await supervisor.beat()
      #expect(capsules(of: toast).map(\.killedBy) == ["oom_killer", "unknown"])
      #expect(town.events(of: toast).count { $0 == .outOfMemory } == 1)
    }
  }

  @Test func `a daemon that ended before it wrote leaves that to the next`() async throws {
    let toast = town.addPolecat("toast")
    town.raise(.deacon, toast)
    let first = ModelProcess(town)
    try await withSupervisor(of: town, process: first) { supervisor in
      await supervisor.beat()
      town.close(.lastWords)
      town.kill(toast)
      await supervisor.askBeat()
      await town.wait { state in state.log.contains { if case .lastWords = $0 { true } else { false } } }
      first.kill()
    }
    #expect(town.with { $0.capsules.isEmpty })
    let announced = try #require(town.with { $0.ledger[toast].death?.capsule })
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.with { Array($0.capsules.keys) } == [announced])
      #expect(town.isAlive(toast) && town.processes(of: toast) == 2)
      await supervisor.beat()
    }
    #expect(town.events(of: toast) == [.crashDetected, .agentRestarted] && captures().count == 2)
  }

  @Test func `one whom a person has stopped while no daemon ran was ended by that person`() async throws {
    let toast = town.addPolecat("toast")
    town.raise(.deacon, toast)
    try await withSupervisor(of: town) { supervisor in await supervisor.beat() }
    town.with { $0.holds[toast] = .known(Hold(kind: .stop, who: "ada", when: nil, why: nil)) }
    town.kill(toast, cause: .signalled(15))
    try await withSupervisor(of: town) { supervisor in await supervisor.beat() }
    #expect(capsules(of: toast).map(\.killedBy) == ["person"] && capsules(of: toast).map(\.killedByName) == ["ada"])
    #expect(town.events(of: toast) == [.agentStopped] && !town.isAlive(toast))
    #expect(entries(.agentStopped).map { $0["GT_CAPSULE"] } == capsules(of: toast).map(\.id))
  }

  @Test func `the history tells what happened, across a restart of the daemon`() async throws {
    let toast = town.addPolecat("toast")
    town.raise(.deacon, toast)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(toast)
      await supervisor.beat()
    }
    func kept() -> [String] { town.with { $0.histories[toast.session]?.map(\.what) ?? [] } }
    let lines = kept()
    let end = ["alive", "crash_detected", "restart", "agent_restarted", "alive"]
    #expect(Array(lines.suffix(end.count)) == end, "\(lines)")
    let writes = town.count(.history)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await supervisor.beat()
    }
    #expect(kept() == lines && town.count(.history) == writes)
  }

  @Test func `a supervisor of one command keeps the death of its agent, and nothing of the others`() async throws {
    let (toast, nux) = (town.addPolecat("toast"), town.addPolecat("nux"))
    town.raise(.deacon, toast, nux)
    try await withSupervisor(of: town) { await $0.beat() }
    let histories = town.with { $0.histories }
    town.kill(toast)
    town.kill(nux)
    try await withSupervisor(of: town, mode: .commands) { supervisor in
      _ = try await supervisor.carryOut(PersonCommand(.start, agent: toast, who: "ada"))
    }
    #expect(town.with { $0.capsules.values.map(\.agent) } == [toast.address])
    let added = town.with { $0.histories[toast.session] ?? [] }.dropFirst(histories[toast.session]?.count ?? 0)
    #expect(added.map(\.what) == ["crash_detected", "agent_started"])
    #expect(town.with { $0.histories[nux.session] } == histories[nux.session])
    // The next daemon tells both deaths, each once.
    #expect(town.with { $0.ledger.untold.map(\.agent) } == [toast])
    func told(_ agent: AgentIdentity) -> Int { town.events(of: agent).count { $0 == .crashDetected } }
    let before = (told(toast), told(nux))
    try await withSupervisor(of: town) { await $0.beat() }
    #expect(told(toast) == before.0 + 1 && told(nux) == before.1 + 1)
    #expect(town.with { $0.capsules.count } == 2)
  }
}
