// SPDX-License-Identifier: Apache-2.0

import Supervision
@testable import Town

/// Control groups in a model town.
extension ModelProcess {
  var confines: Bool { town.with { $0.confines } }

  @concurrent func confine(
    _ agent: AgentIdentity, life: ProcessLife, limited former: AgentLimits
  ) async -> Reading<AgentScope> {
    note(.confine(agent.session))
    await town.pass(.confine)
    guard reaches() else { return .unknown("the daemon is dead") }
    return town.with { state in
      if let failure = state.confinementFailure { return .unknown(failure) }
      guard state.sessions[agent.session]?.life == life else { return .unknown("it does not run any more") }
      let unit = AgentScope.unit(of: agent, life: life)
      let scope = AgentScope(unit: unit, path: "/agents/\(unit)", life: life)
      state.populated.insert(scope.path)
      state.groups[life] = scope.path
      return .known(scope)
    }
  }

  var agentsPressure: Double? { town.with { $0.agentsPressure } }

  func newMark() -> String {
    town.with { state in
      state.marks += 1
      return "mark-\(state.marks)"
    }
  }

  @concurrent func sweep(_ remains: AgentRemains, protecting protected: Set<Int32>) async -> SweepOutcome {
    guard let scope = remains.scope else { return .swept([]) }
    let sparing = remains.sparing
    note(.sweep(scope.unit))
    await town.pass(.sweep)
    guard reaches() else { return .failed("the daemon is dead") }
    return town.with { state in
      if sparing == nil, state.sessions.values.contains(where: { $0.life == scope.life }) {
        return .spared("it lives")
      }
      return .swept(state.populated.remove(scope.path).map { [SweepOutcome.Ended(pid: 4_000, command: $0)] } ?? [])
    }
  }

  func standing(of life: ProcessLife) -> AgentStanding? {
    town.with { state in
      AgentStanding(path: state.groups[life] ?? "/server", isFrozen: state.frozen.contains(life))
    }
  }

  func isRunning(_ life: ProcessLife) -> Bool {
    town.with { state in
      state.hidden.contains(life) || state.sessions.values.contains { $0.life == life }
    }
  }

  @concurrent func isShuttingDown() async -> Bool { town.with { $0.isShuttingDown } }

  @concurrent func reportedOutOfMemory(_ scope: AgentScope) async -> Bool? {
    town.with { $0.outOfMemory.contains(scope.unit) }
  }
}
