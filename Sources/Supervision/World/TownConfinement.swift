// SPDX-License-Identifier: Apache-2.0

package import Town

/// The control groups of agents, and the service manager that makes them.
package protocol TownConfinement: Sendable {
  /// Whether agents are put into control groups of their own.
  var confines: Bool { get }

  /// Puts an agent into a control group of its own, with the limits of its role; unknown is where that did not
  /// succeed, and why.
  ///
  /// - Parameter former: the limits that were set on its group before: those that its role has no more are lifted.
  @concurrent func confine(
    _ agent: AgentIdentity, life: ProcessLife, limited former: AgentLimits
  ) async -> Reading<AgentScope>

  /// A mark that no life has had.
  func newMark() -> String

  /// Kills what a dead agent has left: in its control group, and wherever something bears its mark.
  ///
  /// - Parameter protected: processes that live and must not be hurt.
  @concurrent func sweep(_ remains: AgentRemains, protecting protected: Set<Int32>) async -> SweepOutcome

  /// In which control group an agent is now, and whether that stands still because somebody wants that; `nil`
  /// where it cannot be read.
  func standing(of life: ProcessLife) -> AgentStanding?

  /// Whether exactly this process runs.
  func isRunning(_ life: ProcessLife) -> Bool

  /// The share of the last ten seconds, in percent, in which some agent waited for memory; `nil` where the kernel does
  /// not say.
  var agentsPressure: Double? { get }

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
