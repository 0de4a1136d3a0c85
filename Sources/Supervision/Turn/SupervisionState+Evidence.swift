// SPDX-License-Identifier: Apache-2.0

import Town

/// Capsules of deaths and the history of decisions.
///
/// A restart takes the pane's last screen away, so it waits for the last words, and for nothing else:
/// they are asked for in the turn that sees the deaths, one tmux process for all of them, while the
/// beads are read afresh. git and the files come after, beside the restart.
extension SupervisionState {
  /// Begins to gather, for all the deaths of one turn.
  mutating func gatherEvidence(of deaths: [DeathReport], waiting: Set<String>, snapshot: TownSnapshot) {
    var reports = deaths
    for index in reports.indices { reports[index].wasWaiting = waiting.contains(reports[index].agent.session) }
    // The deaths whose crash reports an earlier daemon has announced and not written.
    if !isReady, mode == .town {
      let facts = self.facts
      reports += snapshot.agents.compactMap { observation in
        guard !deaths.contains(where: { $0.agent == observation.agent }) else { return nil }
        return DeathRule.unrecorded(observation, record: ledger[observation.agent], hasCapsule: facts.hasCapsule)
      }
    }
    guard !reports.isEmpty else { return }
    start(.gather(reports.map { Effect.Evidence(report: $0, unit: ledger[$0.agent].scope?.unit) }))
  }

  /// What could not be written is said once, until something could be again.
  mutating func finishGathering(failure: String?, remarks: [String]) {
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
  mutating func keepHistory(of plan: Plan, snapshot: TownSnapshot) {
    let facts = self.facts
    var plan = plan
    // What a command finds of other agents is no decision about them.
    if mode == .commands { plan.findings = [] }
    // Before the first reading of the beads, that nothing is known of them is no decision.
    if lastReading == nil { plan.findings.removeAll { $0.decision == .unknown } }
    directives.history = history.take(plan, snapshot: snapshot) { facts.lastEntry(of: $0) }
  }

  /// The history was added to, or could not be.
  mutating func noteHistory(failure: String?) {
    guard let failure else { return complaints.clear(.history) }
    if complaints.isFirst(failure, about: .history) {
      journal.error("the history of decisions cannot be kept: \(failure)")
    }
  }
}
