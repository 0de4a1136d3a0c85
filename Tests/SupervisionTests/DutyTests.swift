// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// Stale agents, GUPP violations and orphaned work, as a supervisor deals with them.
@Suite(.timeLimit(.minutes(1))) struct DutyTests {
  private let town = ModelTown()

  /// The Mayor's bead says that it works, and has not changed for an hour.
  private func addMayor(hook: String? = nil, state word: String = "running") {
    town.raise(.deacon)
    town.with { state in
      let time = state.now + .seconds(-3_600)
      state.beads["gt-mayor"] = Bead(
        id: "gt-mayor", title: "Mayor",
        description: "Mayor\n\nnote: kept\nagent_state: \(word)\nhook_bead: \(hook ?? "null")",
        type: "agent", createdAt: time, updatedAt: time)
    }
  }

  private var mayorState: AgentState? { town.with { $0.beads["gt-mayor"]?.agentState } }

  @Test func `a stale agent is marked dead once, within the beat, and that is told once`() async throws {
    addMayor()
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(mayorState == .dead && town.events(of: .mayor) == [.staleAgent])
      #expect(town.with { $0.beads["gt-mayor"]?.description.contains("note: kept") } == true)
      for _ in 0..<3 { await supervisor.beat() }
      #expect(town.count(.mark("gt-mayor")) == 1 && town.events(of: .mayor) == [.staleAgent])
    }
    try await withSupervisor(of: town) { await $0.beat() }
    #expect(town.events(of: .mayor) == [.staleAgent] && town.processes(of: .mayor) == 0)
  }

  @Test func `a mark that cannot be written is said once, and tried with every heartbeat`() async throws {
    addMayor()
    town.with { $0.markFailure = "bd: locked" }
    for _ in 0..<2 {
      try await withSupervisor(of: town) { supervisor in
        for _ in 0..<2 { await supervisor.beat() }
      }
    }
    let attempts = town.count(.mark("gt-mayor"))
    #expect(attempts >= 4 && town.errors.count == 1 && town.events(of: .mayor).isEmpty && mayorState == .running)
    town.with { $0.markFailure = nil }
    try await withSupervisor(of: town) { await $0.beat() }
    #expect(mayorState == .dead && town.events(of: .mayor) == [.staleAgent])
  }

  @Test func `nobody is marked on what changed since it was listed`() async throws {
    addMayor()
    town.close(.readAfresh)
    try await withSupervisor(of: town) { supervisor in
      async let beat: Void = supervisor.beat()
      await town.wait(for: .readAfresh(["gt-mayor"]))
      town.with { state in state.beads["gt-mayor"]?.updatedAt = state.now }
      town.openAll()
      await beat
      #expect(town.count(.mark("gt-mayor")) == 0 && mayorState == .running && town.errors.isEmpty)
    }
  }

  @Test func `nor one who came up meanwhile`() async throws {
    addMayor()
    town.close(.readAfresh)
    try await withSupervisor(of: town) { supervisor in
      async let beat: Void = supervisor.beat()
      await town.wait(for: .readAfresh(["gt-mayor"]))
      town.raise(.mayor)
      town.openAll()
      await beat
      #expect(town.count(.mark("gt-mayor")) == 0 && mayorState == .running)
    }
  }

  @Test func `nor anybody while some tmux server does not answer`() async throws {
    addMayor()
    town.with { $0.otherTmuxFailure = "refused" }
    try await withSupervisor(of: town) { supervisor in
      for _ in 0..<2 { await supervisor.beat() }
      #expect(mayorState == .running)
      town.with { $0.otherTmuxFailure = nil }
      await supervisor.beat()
      #expect(mayorState == .dead)
    }
  }

  @Test func `a daemon that is killed while it marks leaves the telling to the next`() async throws {
    addMayor()
    let first = ModelProcess(town)
    try await withSupervisor(of: town, process: first) { supervisor in
      town.close(.mark)
      await supervisor.askBeat()
      await town.wait(for: .mark("gt-mayor"))
      first.kill()
    }
    // The write itself went through.
    town.with { state in
      guard let bead = state.beads["gt-mayor"] else { return }
      state.beads["gt-mayor"]?.description = bead.description.replacing("running", with: "dead")
    }
    try await withSupervisor(of: town) { supervisor in
      for _ in 0..<2 { await supervisor.beat() }
    }
    #expect(town.events(of: .mayor) == [.staleAgent] && town.count(.mark("gt-mayor")) == 1)
  }

  @Test func `a beat waits for what it has to write, and one command line does nothing of it`() async throws {
    addMayor()
    try await withSupervisor(of: town, mode: .commands) { await $0.beat() }
    #expect(mayorState == .running && town.events(of: .mayor).isEmpty)
  }

  @Test func `a polecat that makes no progress is told of once, also across restarts, and again after some`()
    async throws
  {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    func told() -> Int { town.with { $0.notices.count { $0.key == Notice.guppKey } } }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(told() == 0, "it has not been seen for so long")
      town.jump(by: .seconds(1_800))
      await supervisor.beat()
      #expect(told() == 1 && town.events(of: polecat) == [.guppViolation])
      await supervisor.beat()
    }
    try await withSupervisor(of: town) { await $0.beat() }
    #expect(told() == 1 && town.events(of: polecat) == [.guppViolation])
    town.with { state in state.beads[polecat.bead]?.updatedAt = state.now }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.jump(by: .seconds(1_800))
      await supervisor.beat()
    }
    #expect(told() == 2 && town.events(of: polecat) == [.guppViolation, .guppViolation])
    #expect(town.processes(of: polecat) == 1, "nobody was harmed")
  }

  @Test func `nothing is told of work that is over, or that cannot be read`() async throws {
    let polecat = town.addPolecat("a", state: "dead")
    town.raise(.deacon)
    town.with { state in
      state.beads["gt-work"] = Bead(
        id: "gt-work", title: "work", status: .closed, type: "task", createdAt: state.now, updatedAt: state.now)
    }
    try await withSupervisor(of: town) { supervisor in
      for _ in 0..<2 { await supervisor.beat() }
      #expect(town.events(of: polecat).isEmpty && town.with { $0.notices.isEmpty })
      town.with { $0.beads["gt-work"]?.status = .open }
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.orphanedWork])
    }
  }

  @Test func `orphaned work is told until the message is through, and the event once`() async throws {
    let polecat = town.addPolecat("a", state: "dead")
    town.raise(.deacon)
    town.with { $0.sendFailure = "bd: locked" }
    func told() -> [Notice] { town.with { $0.notices.filter { $0.key == Notice.orphanKey } } }
    try await withSupervisor(of: town) { supervisor in
      for _ in 0..<3 { await supervisor.beat() }
      #expect(told().isEmpty && town.errors.count == 1)
      town.with { $0.sendFailure = nil }
      for _ in 0..<3 { await supervisor.beat() }
    }
    try await withSupervisor(of: town) { await $0.beat() }
    #expect(told().map(\.recipients) == [["rig/witness"]] && town.events(of: polecat) == [.orphanedWork])
  }

  @Test func `a stale agent's work is orphaned once it is marked`() async throws {
    addMayor(hook: "gt-work")
    try await withSupervisor(of: town) { supervisor in
      for _ in 0..<3 { await supervisor.beat() }
    }
    #expect(town.events(of: .mayor) == [.staleAgent, .orphanedWork])
    #expect(town.with { $0.notices.map(\.recipients) } == [["mayor/", "overseer"]])
  }
}
