// SPDX-License-Identifier: Apache-2.0

import Glibc
import Processes
import Systemd
import TestSupport
import Testing
import Town

@testable import Supervision

/// Control groups where there is no user manager: everything else works, and what cannot be done is said.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(1))) struct ScopeKeeperTests {
  @Test func `without a user manager agents run where they are, and nobody is frozen with others`() async throws {
    try await LiveTownFixture.with { town in
      #expect(!town.world.confines)
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      let agent = LiveTownFixture.toast
      #expect(
        await town.world.confine(agent, life: life, limited: AgentLimits()) == .unknown("there is no user manager"))
      #expect(town.world.isRunning(life))
      let shared = try #require(ControlGroups().path(of: life.pid))
      #expect(town.world.scopes.scope(of: life) == nil)
      await #expect(throws: ScopeKeeper.NotAlone.self) { try await town.world.scopes.setFrozen(true, life) }
      #expect(town.world.standing(of: life)?.isFrozen != true)
      #expect(!(await town.world.isShuttingDown()))
      // A group that is no scope of an agent's is never swept, whatever a ledger may say.
      let scope = AgentScope(unit: "x.scope", path: shared, life: life)
      #expect(
        await town.world.sweep(try #require(AgentRemains(scope: scope, marks: [])), protecting: [])
          == .failed("\(shared) is no scope of an agent"))
      #expect(town.world.isRunning(life))
    }
  }

  @Test(
    arguments: [
      ("3.3a", false), ("3.4", true), ("3.5a", true), ("3.6", true), ("4.0", true), ("next-3.7", true), ("2.9", false),
      ("openbsd", false), ("", false), ("10.1", true),
    ])
  func `which tmux may make scopes`(version: String, may: Bool) {
    #expect(makesScopes(version) == may)
  }

  @Test func `a manager that does not answer is given up in time, and one that is not there at once`() async throws {
    try await TemporaryDirectory.with { directory in
      directory.makeDirectory("systemd")
      let manager = UserManager(runtimeDirectory: directory.path)
      #expect(!manager.isThere)
      await #expect(throws: ManagerError.self) { try await manager.systemState() }
      // Accepts connections, and says nothing.
      let listener = try silentListener(at: directory("systemd/private"))
      defer { close(listener) }
      #expect(manager.isThere)
      let start = ContinuousClock.now
      let failure = await #expect(throws: ManagerError.self) {
        try await manager.systemState(deadline: .milliseconds(200))
      }
      #expect(failure?.code == .deadlineExceeded)
      #expect(ContinuousClock.now - start < .seconds(5))
    }
  }

  private func silentListener(at path: String) throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 8) == 0)
    return listener
  }
}
