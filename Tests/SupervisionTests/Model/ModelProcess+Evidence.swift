// SPDX-License-Identifier: Apache-2.0

import Supervision
@testable import Town

/// Evidence in a model town.
extension ModelProcess {
  @concurrent func lastWords(
    of remains: [DeathReport.Remains]
  ) async -> [DeathReport.Remains: Reading<CrashCapsule.Words>] {
    note(.lastWords(remains.map(\.pane)))
    await town.pass(.lastWords)
    return town.with { state in
      Dictionary(
        uniqueKeysWithValues: remains.map { remains in
          (remains, .known(CrashCapsule.Words(lines: state.lastWords[remains.pane] ?? [], tmuxVersion: "3.3a")))
        })
    }
  }

  @concurrent func worktree(of agent: AgentIdentity) async -> Reading<CrashCapsule.Worktree> {
    note(.worktree(agent.session))
    await town.pass(.worktree)
    return .known(
      CrashCapsule.Worktree(
        directory: agent.directory, branch: "work", head: "c0ffee", dirtyFiles: [], dirtyCount: 0, readAt: now()))
  }

  func memoryEvents(of life: ProcessLife) -> MemoryEvents? {
    town.with { state in
      state.memory.map {
        MemoryEvents(controlGroup: $0.controlGroup, counts: $0.counts, killsBefore: $0.counts["oom_kill"])
      }
    }
  }

  func memoryEventsNow(_ former: MemoryEvents) -> MemoryEvents {
    var now = town.with { $0.memory } ?? former
    now.killsBefore = former.killsBefore
    return now
  }

  func start(of life: ProcessLife) -> Timestamp? { town.with { $0.births[life.pid] } }
  func hasCapsule(_ id: String) -> Bool { town.with { $0.capsules[id] != nil } }

  func write(_ capsule: CrashCapsule) throws {
    if let failure = town.with({ $0.evidenceFailure }) { throw ModelTown.SaveFailure(description: failure) }
    guard reaches() else { return }
    town.with { $0.capsules[capsule.id] = capsule }
    note(.capsule(capsule.session))
  }

  func pruneEvidence() throws -> [String] { [] }

  func lastEntry(of session: String) -> HistoryEntry? {
    town.with { $0.histories[session]?.last { $0.kind == .decision } }
  }

  func append(_ entries: [String: [HistoryEntry]]) throws {
    if let failure = town.with({ $0.evidenceFailure }) { throw ModelTown.SaveFailure(description: failure) }
    guard reaches() else { return }
    town.with { $0.histories.merge(entries) { $0 + $1 } }
    note(.history)
  }
}
