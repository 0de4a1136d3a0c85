// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// Polecats that somebody else has started and announced by mail.
@Suite(.timeLimit(.minutes(1))) struct StartedMailTests {
  private let town = ModelTown()

  @Test func `one that was announced waits, is told to begin, and its message goes`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.announce(polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      let spawn = town.with { $0.pending.first }
      #expect(spawn?.session == polecat.session && spawn?.mailID == "gt-m1" && spawn?.issue == "gt-work")
      #expect(town.with { $0.inbox.isEmpty })
      town.with { $0.screens[polecat.session] = ["> "] }
      await town.advance(by: .seconds(2))
      await town.wait(for: .event(.spawnTriggered, polecat.session))
      await supervisor.beat()
      #expect(town.count(.begin(polecat.session)) == 1 && town.with { $0.pending.isEmpty })
    }
  }

  @Test func `announced twice, or read twice, it waits once`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.announce(polecat, id: "gt-m1")
    town.announce(polecat, id: "gt-m2")
    town.with { $0.closeFailure = "locked" }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.with { $0.pending.count } == 1)
      town.with { $0.screens[polecat.session] = ["> "] }
      await town.advance(by: .seconds(2))
      await town.wait(for: .event(.spawnTriggered, polecat.session))
      await supervisor.beat()
      #expect(town.with { $0.pending.isEmpty } && town.count(.begin(polecat.session)) == 1)
    }
  }

  @Test func `killed before any effect whatever, it still waits, once`() async throws {
    for effects in 0... {
      let town = ModelTown()
      let polecat = town.addPolecat("a")
      town.raise(.deacon, polecat)
      town.announce(polecat)
      let first = ModelProcess(town, effects: effects)
      try await withSupervisor(of: town, process: first) { await $0.beat() }
      try await withSupervisor(of: town) { await $0.beat() }
      #expect(town.with { $0.pending.map(\.session) } == [polecat.session], "killed before effect \(effects + 1)")
      #expect(town.with { $0.inbox.isEmpty })
      if !first.isDead { break }
    }
  }

  @Test func `one whose session is gone is dropped with a word, and its message goes`() async throws {
    let polecat = town.addPolecat("a", hook: nil)
    town.raise(.deacon)
    town.announce(polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.with { $0.pending.isEmpty && $0.inbox.isEmpty } && town.events(of: polecat) == [.spawnDropped])
    }
  }
}
