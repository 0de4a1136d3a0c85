// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// Control groups of agents, and what must never be, in a model town.
@Suite(.timeLimit(.minutes(1))) struct ConfinementTests {
  private let town = ModelTown()

  private func known(_ agent: AgentIdentity) -> AgentScope? { town.with { $0.ledger[agent].scope } }

  private func present(_ agent: AgentIdentity) -> ProcessLife? { town.with { $0.sessions[agent.session]?.life } }

  @Test func `who lives is put into a group of its own, and what is left is ended before the next start`() async throws
  {
    let polecat = town.addPolecat("a")
    town.with { $0.confines = true }
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await town.wait(for: .confine(polecat.session))
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.count(.confine(polecat.session)) == 1 && town.count(.confine("gt-deacon")) == 1)
      let former = try #require(known(polecat))
      #expect(former.life == present(polecat))
      town.kill(polecat)
      await supervisor.askBeat()
      await town.wait(for: .confine(polecat.session), count: 2)
      let log = town.log
      let swept = try #require(log.firstIndex(of: .sweep(former.unit)))
      #expect(swept < log.firstIndex(of: .launch(polecat.session))!)
      await town.wait { $0.ledger[polecat].scope?.life != former.life }
      // What is said of its end stands under its unit too, and so is its last word; the new life has another.
      let units = town.with { $0.entries.filter { $0["GT_SESSION"] == polecat.session } }
        .map { ($0["GT_EVENT"] ?? "", $0["USER_UNIT"]) }
      for (event, unit) in units {
        #expect(
          (unit == former.unit) == ["crash_detected", "last_words"].contains(event), "\(event): \(unit ?? "none")")
      }
      #expect(units.contains { $0.0 == "crash_detected" } && units.contains { $0.0 == "agent_restarted" })
      #expect(!town.with { $0.populated.contains(former.path) })
      // Nobody else's group was touched.
      #expect(!log.contains(.sweep(try #require(known(.deacon)).unit)))
    }
  }

  @Test func `the mark of a life is in the ledger before the life begins, and each has another`() async throws {
    let polecat = town.addPolecat("a")
    town.close(.launch)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.askBeat()
      await town.wait(for: .launch(polecat.session))
      let first = try #require(town.with { $0.ledger[polecat].marks })
      #expect(first.count == 1 && town.with { $0.ledger[polecat].launch != nil })
      town.open(.launch)
      await town.wait { $0.ledger[polecat].life != nil }
      #expect(town.with { $0.ledger[polecat].marks } == first)
      town.kill(polecat)
      await supervisor.askBeat()
      await town.wait { $0.processes[polecat.session] == 2 && $0.ledger[polecat].life != nil }
      let second = town.with { $0.ledger[polecat].marks }
      #expect(second?.count == 1 && second != first)
    }
  }

  @Test func `agents that wait for memory are told of once, and once when it is over`() async throws {
    func told(_ event: String) -> Int { town.with { $0.entries.count { $0["GT_EVENT"] == event } } }
    try await withSupervisor(of: town) { supervisor in
      town.with { $0.agentsPressure = 70 }
      for _ in 0..<3 { await supervisor.beat() }
      #expect(told("agents_throttled") == 1)
      #expect(await supervisor.status().troubles.contains { $0.contains("slowed down") })
      town.with { $0.agentsPressure = 2 }
      for _ in 0..<3 { await supervisor.beat() }
      #expect(told("agents_throttled") == 1 && told("agents_relieved") == 1)
      #expect(await supervisor.status().troubles.isEmpty)
    }
  }

  @Test func `no start and no beat waits for a group`() async throws {
    let polecat = town.addPolecat("a")
    town.with { $0.confines = true }
    town.close(.confine)
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await town.wait(for: .confine(polecat.session))
      town.kill(polecat)
      await supervisor.beat()
      #expect(town.isAlive(polecat) && town.processes(of: polecat) == 2)
      await supervisor.askWatchdog()
      await town.wait(for: .watchdog)
    }
  }

  @Test func `a group that cannot be made is complained of once, and is tried again`() async throws {
    town.with { state in
      state.confines = true
      state.confinementFailure = "the user manager does not answer"
    }
    let polecats = ["a", "b", "c"].map { town.addPolecat($0) }
    town.raise(.deacon, polecats[0], polecats[1], polecats[2])
    try await withSupervisor(of: town) { supervisor in
      for polecat in polecats { await town.wait(for: .confine(polecat.session)) }
      await supervisor.beat()
      await supervisor.beat()
      await town.wait { $0.log.contains { if case .error = $0 { true } else { false } } }
      #expect(town.errors.first?.contains("is not in a control group of its own: the user manager") == true)
      #expect(town.count(.confine(polecats[0].session)) == 1)
      town.with { $0.confinementFailure = nil }
      town.jump(by: .seconds(61))
      await supervisor.beat()
      for polecat in polecats { await town.wait(for: .confine(polecat.session), count: 2) }
      #expect(town.errors.count == 1)
    }
  }

  @Test func `one that somebody has put elsewhere is looked after there`() async throws {
    let polecat = town.addPolecat("a")
    town.with { $0.confines = true }
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .confine(polecat.session))
      await supervisor.beat()
      let life = try #require(present(polecat))
      town.with { $0.groups[life] = "/elsewhere" }
      await supervisor.beat()
      await town.wait(for: .confine(polecat.session), count: 2)
    }
  }

  @Test func `what a stopped agent leaves is ended too, and its shell is not`() async throws {
    let polecat = town.addPolecat("a")
    town.with { $0.confines = true }
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .confine(polecat.session))
      await supervisor.beat()
      let scope = try #require(known(polecat))
      _ = try await supervisor.carryOut(PersonCommand(.stop, agent: polecat, who: "ada"))
      await town.wait(for: .sweep(scope.unit))
      await supervisor.beat()
      #expect(known(polecat) == nil)
    }
  }

  @Test func `a frozen agent is told of by the heartbeat`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      let life = try #require(present(polecat))
      town.with { _ = $0.frozen.insert(life) }
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.agentFrozen])
      await supervisor.beat()
      town.with { $0.frozen = [] }
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.agentFrozen, .agentThawed] && town.processes(of: polecat) == 1)
    }
  }

  @Test func `nobody is started while everything is being ended`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.isShuttingDown = true }
      town.kill(.deacon, polecat)
      await supervisor.beat()
      #expect(!town.isAlive(.deacon) && !town.isAlive(polecat))
      #expect(town.count(.launch("gt-deacon")) == 0 && town.count(.launch(polecat.session)) == 0)
      #expect(town.events(of: polecat) == [.crashDetected])
    }
    // Where only a session of the user's has ended, they are started when it is there again.
    town.with { $0.isShuttingDown = false }
    town.jump(by: .seconds(60))
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await town.wait { $0.sessions[polecat.session]?.isAlive == true }
    }
  }

  @Test func `an end for want of memory that systemd has seen is in the capsule`() async throws {
    let polecat = town.addPolecat("a")
    town.with { $0.confines = true }
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .confine(polecat.session))
      await supervisor.beat()
      let unit = try #require(known(polecat)).unit
      town.with { _ = $0.outOfMemory.insert(unit) }
      town.kill(polecat)
      await supervisor.askBeat()
      await town.wait { $0.capsules.values.contains { $0.killedBy == "oom_killer" && $0.memory?.isReported == true } }
    }
  }

  @Test func `an order to start one whose process runs is a fault, and nothing more is done`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      let life = try #require(present(polecat))
      town.with { _ = $0.hidden.insert(life) }
      // Whatever may be wrong with the look: it says that the agent is dead, and its process runs.
      town.kill(polecat, .deacon)
      let looks = town.count(.look)
      await supervisor.askBeat()
      await town.wait { $0.log.contains { if case .broken = $0 { true } else { false } } }
      let reason = town.log.compactMap { if case .broken(let reason) = $0 { reason } else { nil } }
      #expect(reason.count == 1 && reason[0].contains("rig/a") && reason[0].contains("(pid \(life.pid)) runs"))
      #expect(town.errors == reason)
      #expect(town.count(.launch(polecat.session)) == 0 && town.processes(of: polecat) == 1)
      // It neither looks any more nor says that it is well.
      let broken = town.count(.look)
      #expect(broken > looks)
      await supervisor.askWatchdog()
      await supervisor.askBeat()
      _ = await supervisor.status()
      #expect(town.count(.look) == broken && town.count(.watchdog) == 0)
    }
  }
}
