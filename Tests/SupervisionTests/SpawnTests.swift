// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// Agents that were started, until they are back at their work.
@Suite(.timeLimit(.minutes(1))) struct SpawnTests {
  private let town = ModelTown()

  @Test func `one that is at its prompt is told to begin once, and waits no longer`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.with { $0.pending.map(\.session) } == [polecat.session] && town.count(.begin(polecat.session)) == 0)
      town.with { $0.screens[polecat.session] = ["❯\u{A0}"] }
      await town.advance(by: .seconds(2))
      await town.wait(for: .event(.agentReady, polecat.session))
      await supervisor.beat()
      #expect(town.count(.begin(polecat.session)) == 1 && town.with { $0.pending.isEmpty })
    }
  }

  @Test func `one that waits survives the daemon`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    try await withSupervisor(of: town) { await $0.beat() }
    town.with { $0.screens[polecat.session] = ["> "] }
    try await withSupervisor(of: town) { _ in await town.wait(for: .event(.agentReady, polecat.session)) }
    #expect(town.count(.begin(polecat.session)) == 1 && town.processes(of: polecat) == 1)
  }

  @Test func `one whose session is gone is dropped, with a word`() async throws {
    town.raise(.deacon)
    town.with { state in
      state.pending = [PendingSpawn(rig: "rig", polecat: "x", session: "gt-rig-x", issue: nil, spawnedAt: state.now)]
    }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.events(of: nil) == [.spawnDropped] && town.with { $0.pending.isEmpty })
    }
  }

  @Test func `one that cannot be told is tried again, and that is said once`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    town.with { state in
      state.screens[polecat.session] = ["> "]
      state.beginFailure = "the text stayed at the prompt"
    }
    try await withSupervisor(of: town) { supervisor in
      for round in 1...4 {
        await town.wait(for: .begin(polecat.session), count: round)
        await supervisor.beat()
        await town.advance(by: .seconds(2))
      }
      #expect(town.errors.count == 1)
      #expect(town.with { $0.pending.map(\.session) } == [polecat.session])
    }
  }

  @Test func `a life that begins while the one before is being told waits to be told itself`() async throws {
    town.raise(.deacon)
    let polecat = town.addPolecat("a")
    town.with { $0.screens[polecat.session] = ["> "] }
    town.close(.begin)
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .begin(polecat.session))
      town.jump(by: .seconds(1))
      town.kill(polecat)
      await supervisor.askBeat()
      await town.wait(for: .event(.agentRestarted, polecat.session))
      town.with { $0.screens[polecat.session] = ["loading"] }
      town.open(.begin)
      await supervisor.beat()
      #expect(town.with { $0.pending.map(\.session) } == [polecat.session])
      town.with { $0.screens[polecat.session] = ["> "] }
      await town.advance(by: .seconds(2))
      await town.wait(for: .event(.agentReady, polecat.session))
    }
  }

  @Test(arguments: [true, false])
  func `a resumed one that ends after it was told to begin is resumed again, and one that ends before is not`(
    isTold: Bool
  ) async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    let restarted = ModelTown.Call.event(.agentRestarted, polecat.session)
    let screen = isTold ? "> " : "loading"
    town.with { $0.screens[polecat.session] = [screen] }
    var policy = Policy()
    policy.resuming = [.polecat]
    try await withSupervisor(of: town, policy: policy) { supervisor in
      await supervisor.beat()
      town.kill(polecat)
      await supervisor.askBeat()
      await town.wait(for: restarted)
      if isTold { await town.wait(for: .event(.agentReady, polecat.session)) }
      let isOnTrial: Bool? = isTold ? nil : true
      #expect(town.with { $0.ledger[polecat].isResumed } == isOnTrial)
      // The next run is told nothing, so that its record is as its start has left it.
      town.with { $0.screens[polecat.session] = ["loading"] }
      town.kill(polecat, cause: .exited(status: 1))
      await supervisor.askBeat()
      await town.wait(forSleep: .seconds(1), after: .event(.crashDetected, polecat.session), count: 2)
      let hasFailed: Bool? = isTold ? nil : true
      #expect(town.with { $0.ledger[polecat].resumeFailed } == hasFailed)
      await town.pass(.seconds(1), until: restarted, count: 2)
      let isResumedAgain: Bool? = isTold ? true : nil
      #expect(town.with { $0.ledger[polecat].isResumed } == isResumedAgain)
    }
  }

  @Test func `one that shows no prompt for two minutes is told about once, and given up after five`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    town.with { $0.screens[polecat.session] = ["login:"] }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      for _ in 0..<5 {
        town.jump(by: .seconds(24))
        await supervisor.beat()
      }
      await supervisor.beat()
      #expect(town.with { $0.notices.map(\.key) } == ["not-ready"])
      for _ in 0..<6 {
        town.jump(by: .seconds(30))
        await supervisor.beat()
      }
      #expect(town.events(of: polecat) == [.agentStarted, .agentNotReady, .spawnDropped])
      #expect(town.isAlive(polecat) && town.with { $0.pending.isEmpty })
    }
  }

  @Test(arguments: [
    "the machine is suspended", "the clock is put forward", "the clock is put back", "the daemon is down",
  ])
  func `its time to get ready passes only while somebody looks`(what: String) async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    town.with { $0.screens[polecat.session] = ["login:"] }
    try await withSupervisor(of: town) { await $0.beat() }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      switch what {
      case "the machine is suspended": town.jump(by: .seconds(600))
      case "the clock is put forward": town.with { $0.now = $0.now + .seconds(3_600) }
      case "the clock is put back": town.with { $0.now = $0.now + .seconds(-3_600) }
      default: break
      }
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.agentStarted])
    }
    if what == "the daemon is down" { town.jump(by: .seconds(600)) }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.agentStarted])
      for _ in 0..<5 {
        town.jump(by: .seconds(24))
        await supervisor.beat()
      }
      #expect(town.events(of: polecat) == [.agentStarted, .agentNotReady])
    }
  }
}
