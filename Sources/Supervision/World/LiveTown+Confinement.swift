// SPDX-License-Identifier: Apache-2.0

internal import Processes
internal import Systemd
package import Town

/// Control groups in the real town: scopes of the user manager.
extension LiveTown {
  package var confines: Bool { scopes.isAble }

  @concurrent package func confine(_ agent: AgentIdentity, life: ProcessLife) async -> Reading<AgentScope> {
    let settings = settings.agent(agent.role)
    return await scopes.confine(
      agent, life: life,
      limits: TransientScope.Limits(memoryMax: settings.memoryMax, tasksMax: settings.tasksMax))
  }

  @concurrent package func sweep(
    _ scope: AgentScope, protecting protected: Set<Int32>, sparing: Int32?
  ) async -> SweepOutcome {
    await scopes.sweep(scope, protecting: protected, sparing: sparing)
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
