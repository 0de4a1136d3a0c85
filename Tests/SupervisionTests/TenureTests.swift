// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing

@testable import Town

/// A supervisor whose lock was taken away from it.
@Suite struct TenureTests {
  let town = ModelTown()

  @Test func `a supervisor beside which another one supervises does nothing more`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.tenure = .lost("pid 7 has the lock") }
      town.kill(polecat)
      await supervisor.askBeat()
      await town.wait { $0.log.contains { if case .broken = $0 { true } else { false } } }
      #expect(town.count(.launch(polecat.session)) == 0 && town.events(of: polecat).isEmpty)
      #expect(town.errors == ["pid 7 has the lock; nothing more is done by this process"])
    }
  }

  @Test func `a lock that was made anew is said once, and the work goes on`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.tenure = .remarkable("daemon/lock was made anew") }
      for _ in 0..<3 { await supervisor.beat() }
      #expect(town.errors == ["daemon/lock was made anew"])
      let looks = town.count(.look)
      await supervisor.beat()
      #expect(town.count(.look) > looks)
    }
  }
}
