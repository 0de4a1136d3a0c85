// SPDX-License-Identifier: Apache-2.0

import Processes
import Systemd
package import Town
import TownFiles

/// Control groups in the real town: scopes of the user manager.
extension LiveTown {
  package var confines: Bool { scopes.isAble }

  @concurrent package func confine(
    _ agent: AgentIdentity, life: ProcessLife, limited former: AgentLimits
  ) async -> Reading<AgentScope> {
    await scopes.confine(agent, life: life, limits: settings.agent(agent.role).limits, limited: former)
  }

  package var agentsPressure: Double? { scopes.agentsPressure }

  package func newMark() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  @concurrent package func sweep(_ remains: AgentRemains, protecting protected: Set<Int32>) async -> SweepOutcome {
    var remains = remains
    remains.home = remains.home.map { layout.path($0) }
    return await scopes.sweep(remains, protecting: protected)
  }

  package func standing(of life: ProcessLife) -> AgentStanding? { scopes.standing(of: life) }

  package func isRunning(_ life: ProcessLife) -> Bool {
    life.boot == processes.bootID()
      && processes.isRunning(ProcessIdentity(pid: life.pid, startTime: life.startTime))
  }

  @concurrent package func isShuttingDown() async -> Bool {
    guard let manager = scopes.manager, manager.isThere else { return false }
    return (try? await manager.systemState()) == "stopping"
  }
}
