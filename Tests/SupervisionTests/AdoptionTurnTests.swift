// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// Adoption in the supervisor's turns.
@Suite(.timeLimit(.minutes(1))) struct AdoptionTurnTests {
  /// A town in which others have started toast.
  private func given() -> (ModelTown, AgentIdentity) {
    let town = ModelTown()
    let toast = town.addPolecat("toast")
    town.raise(toast)
    unmark(toast, in: town)
    return (town, toast)
  }

  private func unmark(_ agent: AgentIdentity, in town: ModelTown) {
    town.with { state in
      guard case .alive(let life, var place)? = state.sessions[agent.session] else { return }
      place.isMarked = false
      state.sessions[agent.session] = .alive(life, place: place)
    }
  }

  private func isMarked(_ agent: AgentIdentity, in town: ModelTown) -> Bool {
    town.with { state in
      if case .alive(_, let place)? = state.sessions[agent.session] { place.isMarked && place.isAdopted } else { false }
    }
  }

  @Test func `the ledger knows of it before the pane is marked, once`() async throws {
    let (town, toast) = given()
    town.close(.adopt)
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .adopt(toast.session))
      let saved = town.with { $0.ledger[toast] }
      #expect(saved.adoption?.life == saved.life && saved.life != nil)
      let log = town.log
      let save = try #require(log.firstIndex(of: .saveLedger))
      #expect(save < (try #require(log.firstIndex(of: .adopt(toast.session)))))
      // A turn in between begins no second one.
      let looks = town.count(.look)
      await supervisor.adopt(world: ModelProcess(town), policy: Policy())
      await town.wait(for: .look, count: looks + 1)
      town.open(.adopt)
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.count(.adopt(toast.session)) == 1 && isMarked(toast, in: town))
      #expect(town.with { $0.ledger[toast].adoption } == nil)
      #expect(town.events(of: toast) == [.agentAdopted])
      #expect(town.errors.isEmpty && town.processes(of: toast) == 1)
    }
  }

  @Test func `a daemon that is killed in between is followed by one that adopts`() async throws {
    let (town, toast) = given()
    town.close(.adopt)
    let first = ModelProcess(town)
    try await withSupervisor(of: town, process: first) { _ in
      await town.wait(for: .adopt(toast.session))
      first.kill()
    }
    #expect(!isMarked(toast, in: town) && town.with { $0.ledger[toast].adoption } != nil)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await supervisor.beat()
      #expect(isMarked(toast, in: town) && town.processes(of: toast) == 1)
      #expect(town.events(of: toast) == [.agentAdopted])
    }
  }

  @Test func `what cannot be done is tried again after a while, and not at once`() async throws {
    let (town, toast) = given()
    town.with { $0.adoption = .failed("no") }
    try await withSupervisor(of: town) { supervisor in
      for _ in 0..<3 { await supervisor.beat() }
      #expect(town.count(.adopt(toast.session)) == 1)
      await town.advance(by: .seconds(30))
      await town.wait(for: .adopt(toast.session), count: 2)
      town.with { $0.adoption = nil }
      await supervisor.beat()
      await town.advance(by: .seconds(30))
      await town.wait(for: .adopt(toast.session), count: 3)
      await supervisor.beat()
      #expect(isMarked(toast, in: town))
      #expect(town.log.compactMap { if case .remark(let text) = $0 { text } else { nil } }.count == 1, "no")
      #expect(town.events(of: toast) == [.agentAdopted], "then yes")
    }
  }

  @Test func `who starts one agent by hand adopts nobody else`() async throws {
    let (town, toast) = given()
    let nux = town.addPolecat("nux")
    try await withSupervisor(of: town, mode: .commands) { supervisor in
      _ = try await supervisor.carryOut(PersonCommand(.start, agent: nux, who: "ada"))
      #expect(town.count(.adopt(toast.session)) == 0 && !isMarked(toast, in: town))
    }
  }
}
