// SPDX-License-Identifier: Apache-2.0

package import Town

/// What is kept so that people can find out later what happened: capsules of deaths, and the history
/// of decisions.
package protocol TownEvidence: Sendable {
  /// The last lines of panes whose agents have died, with one process for each tmux server. Returns
  /// within seconds: a start in one of these panes waits for it.
  @concurrent func lastWords(
    of remains: [DeathReport.Remains]
  ) async -> [DeathReport.Remains: Reading<CrashCapsule.Words>]

  /// The state of an agent's worktree. Few are read at a time, and a long queue is given up.
  @concurrent func worktree(of agent: AgentIdentity) async -> Reading<CrashCapsule.Worktree>

  /// What the kernel has counted of the memory that a living agent shares with its control group.
  func memoryEvents(of life: ProcessLife) -> MemoryEvents?

  /// The same counts now, of the group that an agent was in.
  func memoryEventsNow(_ former: MemoryEvents) -> MemoryEvents

  /// Whether the service manager has said that something in an agent's own unit was killed for memory; `nil`
  /// where it cannot be asked. Takes seconds where it has not: it may be about to.
  @concurrent func reportedOutOfMemory(_ scope: AgentScope) async -> Bool?

  /// - Throws: an error that says what went wrong.
  func write(_ capsule: CrashCapsule) throws

  /// Removes the oldest capsules and histories, where there are more than are kept.
  ///
  /// - Returns: what a person should know of that, in the same words for as long as it is the same.
  func pruneEvidence() throws -> [String]

  /// Adds to the histories of agents, by session.
  ///
  /// - Throws: an error that says what went wrong.
  func append(_ entries: [String: [HistoryEntry]]) throws
}
