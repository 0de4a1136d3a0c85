// SPDX-License-Identifier: Apache-2.0

/// Every agent in a control group of its own, and nothing left in it of one that is dead.
package enum ScopeRule {
  /// What is to be done about one agent's control group.
  package enum Step: Sendable, Hashable {
    /// Put this life into a group of its own, after what is left of a former one was killed.
    case confine(AgentIdentity, ProcessLife, former: AgentScope?)
    /// Kill what a dead agent has left behind, but for its shell, where that is still in the pane.
    case sweep(AgentIdentity, AgentScope, sparing: Int32?)
  }

  /// - Parameters:
  ///   - busy: sessions that something is done to: whoever does it sees to the group as well.
  ///   - confines: whether there is somebody who makes groups.
  package static func steps(
    _ snapshot: TownSnapshot, ledger: Ledger, busy: Set<String>, confines: Bool
  ) -> [Step] {
    snapshot.agents.compactMap { observation in
      let agent = observation.agent
      guard !busy.contains(agent.session) else { return nil }
      let scope = ledger[agent].scope
      switch observation.liveness {
      case .unknown: return nil
      case .alive(let life, let place):
        guard scope?.life != life, place.isMarked, place.settlesIn == nil else { return nil }
        if confines { return .confine(agent, life, former: scope) }
        return scope.map { .sweep(agent, $0, sparing: nil) }
      case .dead, .absent, .deadShell:
        return scope.map { .sweep(agent, $0, sparing: spared(observation.liveness, scope: $0)) }
      }
    }
  }

  /// The shell in which a dead agent ran and which is in its pane still: it may be a person's.
  package static func spared(_ liveness: Liveness, scope: AgentScope) -> Int32? {
    guard case .deadShell(let shell) = liveness, shell.life == scope.life else { return nil }
    return shell.life.pid
  }
}
