// SPDX-License-Identifier: Apache-2.0

package import Town

/// The control groups of agents, and the service manager that makes them.
package protocol TownConfinement: Sendable {
  /// Whether agents are put into control groups of their own.
  var confines: Bool { get }

  /// Puts an agent into a control group of its own; unknown is where that did not succeed, and why.
  @concurrent func confine(_ agent: AgentIdentity, life: ProcessLife) async -> Reading<AgentScope>

  /// Kills what a dead agent has left in its control group.
  ///
  /// - Parameters:
  ///   - protected: processes that live and must not be hurt.
  ///   - sparing: one process that stays: the shell in which the agent ran.
  @concurrent func sweep(
    _ scope: AgentScope, protecting protected: Set<Int32>, sparing: Int32?
  ) async -> SweepOutcome

  /// In which control group an agent is now, and whether that stands still because somebody wants that; `nil`
  /// where it cannot be read.
  func standing(of life: ProcessLife) -> AgentStanding?

  /// Whether exactly this process runs.
  func isRunning(_ life: ProcessLife) -> Bool

  /// Whether everything of the user's is being ended: at logout, or as the machine goes down. False where
  /// nobody says so within a moment.
  @concurrent func isShuttingDown() async -> Bool
}

extension TownSnapshot {
  /// Looks for those who stand still.
  package mutating func noteFrozen(by world: any TownConfinement) {
    for index in agents.indices {
      if case .alive(let life, _) = agents[index].liveness {
        agents[index].isFrozen = world.standing(of: life)?.isFrozen
      }
    }
  }
}
