// SPDX-License-Identifier: Apache-2.0

import Town

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
    guard mode == .town else { return }
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
    let evidence = reports.map { report in
      Effect.Evidence(
        report: report, memory: report.life.flatMap { memory[$0] }.map { world.memoryEventsNow($0) },
        unit: ledger[report.agent].scope?.unit)
    }
    start(.gather(evidence), words: LastWords(capsule: "", task: words))
  }

  /// What could not be written is said once, until something could be again.
  func finishGathering(_ reports: [DeathReport], failure: String?, remarks: [String]) {
    for report in reports where lastWords[report.agent.session]?.capsule == report.id {
      lastWords[report.agent.session] = nil
    }
    if let failure {
      if complaints.isFirst(failure, about: .crashReports) {
        journal.error("the capsule of a death cannot be written: \(failure)")
      }
    } else {
      complaints.clear(.crashReports)
    }
    for remark in remarks where complaints.isNew(remark, about: .remark(remark)) { journal.warning(remark) }
    complaints.keep { if case .remark(let told) = $0 { remarks.contains(told) } else { true } }
    settleBeats()
  }

  /// Keeps what is new of this turn's decisions.
  func keepHistory(of plan: Plan, snapshot: TownSnapshot) {
    guard mode == .town else { return }
    let world = self.world
    var plan = plan
    // Before the first reading of the beads, that nothing is known of them is no decision.
    if lastReading == nil { plan.findings.removeAll { $0.decision == .unknown } }
    let added = history.take(plan, snapshot: snapshot) { world.lastEntry(of: $0) }
    guard !added.isEmpty else { return }
    do {
      try world.append(added)
      complaints.clear(.history)
    } catch {
      if complaints.isFirst("\(error)", about: .history) {
        journal.error("the history of decisions cannot be kept: \(error)")
      }
    }
  }
}
