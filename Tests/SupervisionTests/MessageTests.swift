// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// How the supervisor sends what people should know, and what it says of the store.
@Suite(.timeLimit(.minutes(1))) struct MessageTests {
  private let town = ModelTown()

  /// Messages that wait in the outbox.
  private func furnish(_ count: Int) {
    town.raise(.deacon)
    town.with { state in
      state.ledger.outbox = (0..<count).map {
        .cannotStart(.polecat(rig: "rig", name: "p\($0)"), hook: nil, reason: "number \($0)")
      }
    }
  }

  @Test func `five hundred unsent messages are sent one after the other, in their order`() async throws {
    furnish(500)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.with { $0.notices.count == 500 && $0.ledger.outbox.isEmpty && $0.sending.most == 1 })
      #expect(town.with { $0.notices.map(\.agent.name) == (0..<500).map { "p\($0)" } })
    }
    #expect(town.errors.isEmpty)
  }

  @Test func `one that is decided upon while others are sent waits for its turn`() async throws {
    furnish(3)
    town.close(.send)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.askBeat()
      await town.wait { $0.sending.now == 1 }
      town.with { $0.missingDirectories = [.mayor, .deacon] }
      town.kill(.deacon)
      await supervisor.askBeat()
      await town.wait { $0.ledger.outbox.count > 3 }
      #expect(town.with { $0.sending.now == 1 })
      town.openAll()
      await town.wait { $0.ledger.outbox.isEmpty }
      #expect(town.with { $0.sending.most == 1 && $0.notices.count > 3 })
    }
  }

  @Test func `what can never be sent is dropped with a word, and holds up nothing behind it`() async throws {
    furnish(2)
    town.with { $0.undeliverable = "to rig/witness: no such name" }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.with { $0.notices.isEmpty && $0.ledger.outbox.isEmpty })
      #expect(
        town.errors.count == 2 && town.errors.allSatisfy { $0.contains("dropped") && $0.contains("no such name") })
      await supervisor.beat()
      #expect(town.errors.count == 2)
    }
  }

  @Test func `what is doubtful in the store's answers is said once`() async throws {
    town.raise(.deacon)
    town.with { $0.doubts = ["bd contradicts itself"] }
    try await withSupervisor(of: town) { supervisor in
      for _ in 0..<3 { await supervisor.beat() }
      #expect(town.errors == ["bd contradicts itself"])
      town.with { $0.doubts += ["and again"] }
      for _ in 0..<2 { await supervisor.beat() }
      #expect(town.errors == ["bd contradicts itself", "and again"])
    }
  }
}
