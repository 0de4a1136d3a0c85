// SPDX-License-Identifier: Apache-2.0

package import Town

/// The control groups of agents, and the service manager that makes them.
package protocol TownConfinement: Sendable {
  /// Puts an agent into a control group of its own, with the limits of its role; unknown is where that did not
  /// succeed, and why.
  ///
  /// - Parameter former: the limits that were set on its group before: those that its role has no more are lifted.
  @concurrent func confine(
    _ agent: AgentIdentity, life: ProcessLife, limited former: AgentLimits
  ) async -> Reading<AgentScope>

  /// Kills what a dead agent has left: in its control group, and wherever something bears its mark.
  ///
  /// - Parameter protected: processes that live and must not be hurt.
  @concurrent func sweep(_ remains: AgentRemains, protecting protected: Set<Int32>) async -> SweepOutcome

  /// Whether everything of the user's is being ended: at logout, or as the machine goes down. False where
  /// that is not known within a moment.
  @concurrent func isShuttingDown() async -> Bool
}

extension TownSnapshot {
  /// Reads which agents are frozen.
  package mutating func noteFrozen(by facts: any TownFacts) {
    for index in agents.indices {
      if case .alive(let life, _) = agents[index].liveness {
        agents[index].isFrozen = facts.standing(of: life)?.isFrozen
      }
    }
  }
}
