// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// When the town is looked at again.
@Suite(.timeLimit(.minutes(1))) struct LookingTests {
  private let town = ModelTown()

  @Test func `one look serves a death and its answer, and the new life is seen by another`() async throws {
    let polecats = ["a", "b", "c"].map { town.addPolecat($0) }
    town.raise(.deacon, polecats[0], polecats[1], polecats[2])
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.noticesEnds = true }
      let before = town.count(.look)
      town.kill(polecats[1])
      await town.wait(for: .event(.agentRestarted, polecats[1].session))
      #expect(town.count(.look) == before + 2)
    }
  }

  @Test func `after a long wait for the beads the town is looked at again before a start`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.noticesEnds = true }
      town.close(.readAfresh)
      let before = town.count(.look)
      town.kill(polecat)
      await town.wait(for: .event(.crashDetected, polecat.session))
      await town.wait { $0.log.contains { if case .readAfresh = $0 { true } else { false } } }
      // Meanwhile another tool has started it.
      town.with { $0.sessions[polecat.session] = nil }
      _ = town.spawn(polecat)
      town.with {
        $0.now = $0.now + .seconds(1)
        $0.uptime += .seconds(1)
      }
      town.open(.readAfresh)
      await town.wait(for: .event(.agentStarted, polecat.session))
      #expect(town.count(.look) == before + 2)
      #expect(town.count(.launch(polecat.session)) == 0)
    }
  }

  @Test func `work that came unseen is found when its agent dies`() async throws {
    let polecat = town.addPolecat("a")
    let bead = try #require(town.with { $0.beads[polecat.bead] })
    town.with { $0.beads[bead.id]?.description = "a\n\nagent_state: idle\nhook_bead: null" }
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with {
        $0.noticesEnds = true
        $0.beads[bead.id] = bead
      }
      town.kill(polecat)
      await town.wait(for: .event(.agentStarted, polecat.session))
      #expect(town.events(of: polecat) == [.crashDetected, .agentStarted])
    }
  }

  @Test(arguments: [-3_600, 3_600])
  func `a clock that is set while a turn is taken puts nothing off by an hour`(seconds: Int) async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.noticesEnds = true }
      // The second death in a row has to wait a second.
      town.kill(polecat)
      await town.wait(for: .event(.agentRestarted, polecat.session))
      let before = town.count(.look)
      town.close(.look)
      town.kill(polecat)
      await town.wait(for: .look, count: before + 1)
      town.with { $0.now = $0.now + .seconds(seconds) }
      town.open(.look)
      await town.wait(for: .event(.crashDetected, polecat.session), count: 2)
      await town.wait(for: .sleep(.seconds(1)))
      await town.advance(by: .seconds(1))
      await town.wait(for: .event(.agentRestarted, polecat.session), count: 2)
      #expect(town.processes(of: polecat) == 3)
    }
  }

  @Test func `what could not be written down is written as soon as that can be done`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with {
        $0.noticesEnds = true
        $0.saveFailure = "no space left on device"
      }
      town.kill(polecat)
      await town.wait(for: .event(.crashDetected, polecat.session))
      await town.wait(for: .sleep(TownRules.retry))
      town.with { $0.saveFailure = nil }
      await town.advance(by: TownRules.retry)
      await town.wait { $0.ledger.agents[polecat.session]?.restarts == 1 }
    }
  }

  @Test func `all that a turn asks tmux has to end at one time, some seconds ahead`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    town.with { $0.screens[polecat.session] = ["loading"] }
    let process = ModelProcess(town)
    let budgeted = BudgetedTown(process)
    try await withSupervisor(of: town, process: process) { supervisor in
      // It is started, and its screen is read until it is ready.
      await supervisor.beat()
      #expect(town.with { $0.pending.map(\.session) } == [polecat.session])
      await supervisor.adopt(world: budgeted, policy: Policy())
      await supervisor.beat()
    }
    let looks = budgeted.questions("look")
    let screens = budgeted.questions("screens")
    #expect(!looks.isEmpty)
    #expect(!screens.isEmpty)
    for question in looks + screens {
      let end = try #require(question.end, "\(question.name)")
      #expect(question.askedAt.duration(to: end) <= SupervisorHealth.turnBudget, "\(question.name)")
    }
    // A turn that has looked for long has less time for the screens.
    for question in screens { #expect(looks.contains { $0.end == question.end }) }
  }

  @Test func `a tmux that could not be asked is asked about everybody the next time`() async throws {
    let (one, other) = (town.addPolecat("a"), town.addPolecat("b"))
    town.raise(.deacon, one, other)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with {
        $0.noticesEnds = true
        $0.tmuxFailure = "it is silent"
        $0.sessions[one.session] = .unknown("it is silent")
      }
      await town.wait(for: .sleep(TownRules.retry))
      let before = town.count(.look)
      town.with {
        $0.tmuxFailure = nil
        $0.sessions[one.session] = nil
      }
      town.kill(other)
      await town.wait(for: .event(.agentRestarted, one.session))
      await town.wait(for: .event(.agentRestarted, other.session))
      #expect(town.count(.look) > before)
    }
  }
}
