// SPDX-License-Identifier: Apache-2.0

/// Every agent in a control group of its own, and nothing left in it of one that is dead.
package enum ScopeRule {
  /// What is to be done about one agent's control group.
  package enum Step: Sendable, Hashable {
    /// Put this life into a group of its own, after what is left of a former one was killed.
    case confine(AgentIdentity, ProcessLife, former: AgentScope?)
    /// Give the group of this life the limits of its role, which are others than it has.
    case limit(AgentIdentity, AgentScope)
    /// Kill what a dead agent has left behind.
    case sweep(AgentIdentity, AgentRemains)
  }

  /// - Parameters:
  ///   - busy: sessions with a job under way, which handles the group as well.
  ///   - confines: whether there is a service manager that makes groups.
  ///   - limits: those of each role that has some.
  package static func steps(
    _ snapshot: TownSnapshot, ledger: Ledger, busy: Set<String>, confines: Bool,
    limits: [AgentIdentity.Role: AgentLimits]
  ) -> [Step] {
    snapshot.agents.compactMap { observation in
      let agent = observation.agent
      guard !busy.contains(agent.session) else { return nil }
      let scope = ledger[agent].scope
      switch observation.liveness {
      case .unknown: return nil
      case .alive(let life, let place):
        if let scope, scope.life == life {
          let isCurrent = scope.limits == limits[agent.role] ?? AgentLimits()
          return isCurrent || !confines ? nil : .limit(agent, scope)
        }
        guard place.isMarked, place.settlesIn == nil else { return nil }
        if confines { return .confine(agent, life, former: scope) }
        return AgentRemains(scope: scope, marks: []).map { .sweep(agent, $0) }
      case .dead, .absent, .deadShell:
        // A start whose end is not known may have made a pane that is not seen yet.
        let marks = ledger[agent].launch == nil ? Set(ledger[agent].marks ?? []) : []
        let sparing = scope.flatMap { spared(observation.liveness, scope: $0) }
        return AgentRemains(scope: scope, marks: marks, sparing: sparing).map { .sweep(agent, $0) }
      }
    }
  }

  /// The shell in which a dead agent ran and which is in its pane still: it may be a person's.
  package static func spared(_ liveness: Liveness, scope: AgentScope) -> Int32? {
    guard case .deadShell(let shell) = liveness, shell.life == scope.life else { return nil }
    return shell.life.pid
  }
}
