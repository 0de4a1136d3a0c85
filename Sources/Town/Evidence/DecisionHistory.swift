// SPDX-License-Identifier: Apache-2.0

/// Tells what of a turn is new: everything that happened, and of the decisions those that differ from
/// the last one about the same agent. A town in which nothing changes writes nothing.
package struct DecisionHistory: Sendable {
  /// The last decision about each agent, by session; `.some(nil)` where there was none.
  private var last: [String: HistoryEntry?] = [:]

  package init() {}

  /// The lines that this turn adds, by session, in their order.
  ///
  /// - Parameter recall: reads an agent's last decision from what was kept; asked once for each agent.
  package mutating func take(
    _ plan: Plan, snapshot: TownSnapshot, recall: (String) -> HistoryEntry?
  ) -> [String: [HistoryEntry]] {
    var added: [String: [HistoryEntry]] = [:]
    for event in plan.events {
      guard let agent = event.agent else { continue }
      added[agent.session, default: []].append(HistoryEntry(event, at: snapshot.time))
    }
    // Mostly nothing is new, and then nobody has to be looked for.
    let news = plan.findings.filter { $0.decision != .underway && last[$0.session]??.decides($0) != true }
    guard !news.isEmpty else { return added }
    let seen = Dictionary(
      snapshot.agents.map { ($0.agent.session, $0) }, uniquingKeysWith: { first, _ in first })
    for finding in news {
      // A stranger's session may be another agent's, and its name is no name for a file.
      guard let observation = seen[finding.session], finding.subject == observation.agent.address else { continue }
      let entry = HistoryEntry(
        finding, observation: observation, record: plan.ledger[observation.agent], at: snapshot.time)
      let former = last[finding.session] ?? recall(finding.session)
      last[finding.session] = entry
      if !entry.decides(as: former) { added[finding.session, default: []].append(entry) }
    }
    return added
  }
}
