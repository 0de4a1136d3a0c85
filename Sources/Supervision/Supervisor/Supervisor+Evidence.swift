// SPDX-License-Identifier: Apache-2.0

internal import Town

/// The last words of an agent, on their way.
struct LastWords: Sendable {
  typealias Readings = [DeathReport.Remains: Reading<CrashCapsule.Words>]

  /// The capsule for which they are read: an agent may die again before all of it is written.
  var capsule: String
  var task: Task<Readings, Never>
}

/// Capsules of deaths and the history of decisions.
///
/// A restart takes the pane's last screen away, so it waits for the last words, and for nothing else:
/// they are asked for in the turn that sees the deaths, one tmux process for all of them, while the
/// beads are read afresh. git and the files come after, beside the restart.
extension Supervisor {
  /// Begins to gather, for all the deaths of one turn.
  func gatherEvidence(of deaths: [DeathReport], waiting: Set<String>, snapshot: TownSnapshot) {
    guard duty == .town else { return }
    var reports = deaths
    for index in reports.indices { reports[index].wasWaiting = waiting.contains(reports[index].agent.session) }
    // Those whose capsules a former daemon had announced, and did not come to write.
    if !isReady {
      let world = self.world
      reports += snapshot.agents.compactMap { observation in
        guard !deaths.contains(where: { $0.agent == observation.agent }) else { return nil }
        return DeathRule.unrecorded(observation, record: ledger[observation.agent], hasCapsule: world.hasCapsule)
      }
    }
    guard !reports.isEmpty else { return }
    let world = self.world
    let remains = reports.compactMap(\.remains)
    let words = Task<LastWords.Readings, Never>(executorPreference: executor) {
      remains.isEmpty ? [:] : await world.lastWords(of: remains)
    }
    for report in reports where report.remains != nil {
      lastWords[report.agent.session] = LastWords(capsule: report.id, task: words)
    }
    // Read now: what a dead agent has left is cleared up soon, and the group goes.
    let counted = reports.map { $0.life.flatMap { memory[$0] }.map { world.memoryEventsNow($0) } }
    let journal = self.journal
    let gathered = reports
    let units = ledger.agents.compactMapValues { $0.scope?.unit }
    start(.evidence) { world, job in
      let words = await words.value
      func capsule(of report: DeathReport, memory: MemoryEvents?) -> CrashCapsule {
        CrashCapsule(
          report, words: report.remains.flatMap { words[$0] } ?? .unknown(report.whyNothingRemains),
          startedAt: report.life.flatMap { world.start(of: $0) }, memory: memory)
      }
      var capsules = zip(gathered, counted).map { capsule(of: $0, memory: $1) }
      // First without what git says: should the daemon end now, this much is there.
      var failure: String?
      for (report, capsule) in zip(gathered, capsules) {
        if let reason = write(capsule, to: world) { failure = reason }
        var event = TownEvent.lastWords(of: report.agent, in: capsule)
        event.unit = units[report.agent.session]
        journal.record(event)
      }
      // The service manager may be about to say it.
      await withTaskGroup(of: (Int, Bool?).self) { group in
        for (index, report) in gathered.enumerated() where report.mayBeOutOfMemory {
          guard let scope = report.scope, counted[index]?.sawKill != true else { continue }
          group.addTask { (index, await world.reportedOutOfMemory(scope)) }
        }
        for await (index, isReported) in group {
          guard isReported == true, let scope = gathered[index].scope else { continue }
          var memory = counted[index] ?? MemoryEvents(controlGroup: scope.path, counts: [:])
          memory.isReported = true
          capsules[index] = capsule(of: gathered[index], memory: memory)
          if let reason = write(capsules[index], to: world) { failure = reason }
        }
      }
      for (report, capsule) in zip(gathered, capsules) where capsule.killedBy == Killer.outOfMemory.word {
        journal.record(.outOfMemory(report, in: capsule))
      }
      await withTaskGroup(of: (Int, Reading<CrashCapsule.Worktree>).self) { group in
        for (index, report) in gathered.enumerated() {
          group.addTask { (index, await world.worktree(of: report.agent)) }
        }
        for await (index, worktree) in group {
          capsules[index].worktree = worktree
          if let reason = write(capsules[index], to: world) { failure = reason }
        }
      }
      do { try world.pruneEvidence() } catch { failure = failure ?? "\(error)" }
      return .gathered(job: job, gathered, failure: failure)
    }
  }

  /// What could not be written is said once, until something could be again.
  func finishGathering(_ job: Int, of reports: [DeathReport], failure: String?) {
    jobs.finish(job)
    for report in reports where lastWords[report.agent.session]?.capsule == report.id {
      lastWords[report.agent.session] = nil
    }
    if let failure, evidenceFailure == nil { journal.error("the capsule of a death cannot be written: \(failure)") }
    evidenceFailure = failure
    settleBeats()
  }

  /// Keeps what is new of this turn's decisions.
  func keepHistory(of plan: Plan, snapshot: TownSnapshot) {
    guard duty == .town else { return }
    let world = self.world
    var plan = plan
    // Before the first reading of the beads, that nothing is known of them is no decision.
    if lastReading == nil { plan.findings.removeAll { $0.decision == .unknown } }
    let added = history.take(plan, snapshot: snapshot) { world.lastEntry(of: $0) }
    guard !added.isEmpty else { return }
    do {
      try world.append(added)
      historyFailure = nil
    } catch {
      if historyFailure == nil { journal.error("the history of decisions cannot be kept: \(error)") }
      historyFailure = "\(error)"
    }
  }
}

/// Why a capsule could not be written; `nil` where it was.
private func write(_ capsule: CrashCapsule, to world: any TownWorld) -> String? {
  do {
    try world.write(capsule)
    return nil
  } catch {
    return "\(error)"
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
