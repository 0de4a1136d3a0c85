// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// What is remembered of agents that were removed from the town.
@Suite(.timeLimit(.minutes(1))) struct ForgettingTests {
  private let town = ModelTown()

  private func record(of agent: AgentIdentity) -> AgentRecord? { town.with { $0.ledger.agents[agent.session] } }

  @Test func `the record of a removed agent leaves the ledger with a heartbeat an hour later`() async throws {
    let removed = town.addPolecat("a")
    let stopped = town.addPolecat("b")
    let running = town.addPolecat("c")
    town.raise(.deacon, removed, stopped, running)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      for agent in [removed, stopped] {
        _ = try await supervisor.carryOut(PersonCommand(.stop, agent: agent, who: "ada"))
      }
      // One of the two that are removed still runs.
      town.with { $0.agents.removeAll { $0 == removed || $0 == running } }
      await supervisor.beat()
      #expect(record(of: removed)?.goneSince != nil)
      town.jump(by: ForgetRule.patience - .seconds(1))
      await supervisor.beat()
      #expect(record(of: removed) != nil, "it is kept for an hour")
      town.jump(by: .seconds(1))
      await supervisor.beat()
      #expect(record(of: removed) == nil)
      #expect(record(of: stopped) != nil, "it is an agent of the town")
      #expect(record(of: running)?.life != nil, "its end was not told")
    }
  }

  @Test func `no record is forgotten where the town's agents cannot be listed`() async throws {
    let removed = town.addPolecat("a")
    town.raise(.deacon, removed)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      _ = try await supervisor.carryOut(PersonCommand(.stop, agent: removed, who: "ada"))
      town.with { state in
        state.agents.removeAll { $0 == removed }
        state.registryFailure = "mayor/rigs.json: it is cut short"
      }
      await supervisor.beat()
      town.jump(by: ForgetRule.patience)
      await supervisor.beat()
      #expect(record(of: removed) != nil)
    }
  }
}
