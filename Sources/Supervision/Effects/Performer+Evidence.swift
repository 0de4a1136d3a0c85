// SPDX-License-Identifier: Apache-2.0

import Town

extension Performer {
  /// Writes a crash report for each death: first what the pane, the kernel and the service manager say, then what git says.
  /// Should the daemon end in between, the first part is there.
  func gather(_ evidence: [Effect.Evidence], in circumstances: Circumstances) async -> Outcome {
    let words = await circumstances.words?.task.value ?? [:]
    func capsule(of report: DeathReport, memory: MemoryEvents?) -> CrashCapsule {
      CrashCapsule(
        report, words: report.remains.flatMap { words[$0] } ?? .unknown(report.whyNothingRemains),
        startedAt: report.life.flatMap { world.start(of: $0) }, memory: memory)
    }
    var capsules = evidence.map { capsule(of: $0.report, memory: circumstances.memory[$0.report.id]) }
    var failure: String?
    for (one, capsule) in zip(evidence, capsules) {
      if let reason = write(capsule) { failure = reason }
      var event = TownEvent.lastWords(of: one.report.agent, in: capsule)
      event.unit = one.unit
      journal.record(event)
    }
    for (index, memory) in await outOfMemory(evidence, counted: circumstances.memory) {
      capsules[index] = capsule(of: evidence[index].report, memory: memory)
      if let reason = write(capsules[index]) { failure = reason }
    }
    for (one, capsule) in zip(evidence, capsules) where capsule.killedBy == Killer.outOfMemory.word {
      journal.record(.outOfMemory(one.report, in: capsule))
    }
    await withTaskGroup(of: (Int, Reading<CrashCapsule.Worktree>).self) { group in
      for (index, one) in evidence.enumerated() {
        group.addTask {
          let worktree = await world.worktree(of: one.report.agent)
          return (index, worktree)
        }
      }
      for await (index, worktree) in group {
        capsules[index].worktree = worktree
        if let reason = write(capsules[index]) { failure = reason }
      }
    }
    var remarks: [String] = []
    do { remarks = try world.pruneEvidence() } catch { failure = failure ?? "\(error)" }
    return .gathered(evidence.map(\.report), failure: failure, remarks: remarks)
  }

  /// The deaths for want of memory that only the service manager has reported, or may be about to report: by index,
  /// with what the kernel has counted.
  private func outOfMemory(
    _ evidence: [Effect.Evidence], counted: [String: MemoryEvents]
  ) async -> [(Int, MemoryEvents)] {
    await withTaskGroup(of: (Int, Bool?).self) { group in
      for (index, one) in evidence.enumerated()
      where one.report.mayBeOutOfMemory && counted[one.report.id]?.sawKill != true {
        guard let scope = one.report.scope else { continue }
        group.addTask {
          let isReported = await world.reportedOutOfMemory(scope)
          return (index, isReported)
        }
      }
      var found: [(Int, MemoryEvents)] = []
      for await (index, isReported) in group where isReported == true {
        guard let scope = evidence[index].report.scope else { continue }
        var memory = counted[evidence[index].report.id] ?? MemoryEvents(controlGroup: scope.path, counts: [:])
        memory.isReported = true
        found.append((index, memory))
      }
      return found
    }
  }

  /// Why a crash report could not be written; `nil` where it was.
  private func write(_ capsule: CrashCapsule) -> String? {
    do {
      try world.write(capsule)
      return nil
    } catch {
      return "\(error)"
    }
  }
}

extension TownEvent {
  /// The entry that follows a crash, as soon as the agent's pane was read.
  fileprivate static func lastWords(of agent: AgentIdentity, in capsule: CrashCapsule) -> TownEvent {
    let lines = capsule.epitaph
    let text =
      switch capsule.lastWords {
      case .unknown(let reason): "no last words of \(agent.address): \(reason)"
      case .known where lines.isEmpty: "\(agent.address) said nothing before its end"
      case .known: "last words of \(agent.address): \(lines.joined(separator: " | "))"
      }
    var event = TownEvent(
      .lastWords, agent: agent, message: text, bead: capsule.hook, pid: capsule.pid, reason: capsule.how)
    event.capsule = capsule.id
    event.lastWords = lines
    return event
  }

  fileprivate static func outOfMemory(_ report: DeathReport, in capsule: CrashCapsule) -> TownEvent {
    let group = capsule.memory.map { displayable($0.controlGroup) } ?? "its control group"
    let limit = report.scope?.memoryMax.map { " (memory_max is \($0) bytes)" } ?? ""
    var event = TownEvent(
      .outOfMemory, agent: report.agent,
      message: "\(report.agent.address) was killed by the kernel's OOM killer\(limit)", bead: capsule.hook,
      pid: capsule.pid, cause: report.cause, reason: "memory ran out in \(group)\(limit)")
    event.capsule = capsule.id
    return event
  }
}
