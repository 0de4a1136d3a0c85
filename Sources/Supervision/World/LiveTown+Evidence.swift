// SPDX-License-Identifier: Apache-2.0

package import Town
import TownFiles

/// Evidence in the real town: real panes, worktrees, control groups and files.
extension LiveTown {
  @concurrent package func lastWords(
    of remains: [DeathReport.Remains]
  ) async -> [DeathReport.Remains: Reading<CrashCapsule.Words>] {
    await evidence.lastWords(of: remains)
  }

  @concurrent package func worktree(of agent: AgentIdentity) async -> Reading<CrashCapsule.Worktree> {
    await evidence.worktree(of: agent)
  }

  package func memoryEvents(of life: ProcessLife) -> MemoryEvents? { evidence.memoryEvents(of: life.pid) }
  package func memoryEventsNow(_ former: MemoryEvents) -> MemoryEvents { evidence.memoryEventsNow(former) }
  @concurrent package func reportedOutOfMemory(_ scope: AgentScope) async -> Bool? {
    await evidence.reportedOutOfMemory(scope)
  }
  package func start(of life: ProcessLife) -> Timestamp? { evidence.start(of: life, now: now()) }

  package func hasCapsule(_ id: String) -> Bool { CrashCapsules(layout: layout).contains(id) }
  package func write(_ capsule: CrashCapsule) throws { try CrashCapsules(layout: layout).write(capsule) }

  package func pruneEvidence() throws -> [String] {
    try CrashCapsules(layout: layout).prune(now: now()) + HistoryFiles(layout: layout).prune()
  }

  package func lastEntry(of session: String) -> HistoryEntry? {
    HistoryFiles(layout: layout).lastDecision(of: session)
  }

  package func append(_ entries: [String: [HistoryEntry]]) throws {
    let files = HistoryFiles(layout: layout)
    for (session, lines) in entries { try files.append(lines, to: session) }
  }
}
