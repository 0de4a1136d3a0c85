// SPDX-License-Identifier: Apache-2.0

package import Supervision
package import Town

/// What would be decided about one agent now, on what evidence, and what comes next: what
/// `gt daemon explain` and `gt why` both show.
package struct Judgement: Sendable, Encodable {
  /// A decision, and what follows from it.
  package struct Step: Sendable, Encodable {
    package var decision: HistoryEntry
    package var next: NextStep

    private enum CodingKeys: String, CodingKey { case decision, next }
    private enum NextKeys: String, CodingKey { case what, at }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(decision, forKey: .decision)
      var step = container.nestedContainer(keyedBy: NextKeys.self, forKey: .next)
      try step.encode(next.what, forKey: .what)
      try step.encode(next.at, forKey: .at)
    }
  }

  package var agent: String
  package var session: String
  package var steps: [Step]

  /// Those of all agents, in the order of the findings.
  package static func all(
    _ explanation: Explanation, daemon: NextStep.Daemon, policy: Policy
  ) -> [Judgement] {
    let seen = Dictionary(
      explanation.snapshot.agents.map { ($0.agent.address, $0) }, uniquingKeysWith: { first, _ in first })
    let spawns = Dictionary(explanation.pending.map { ($0.session, $0) }, uniquingKeysWith: { first, _ in first })
    var judgements: [Judgement] = []
    for finding in explanation.findings {
      let observation = seen[finding.subject]
      let record = observation.map { explanation.ledger[$0.agent] } ?? AgentRecord()
      let time = explanation.snapshot.time
      let step = Step(
        decision: HistoryEntry(finding, observation: observation, record: record, at: time),
        next: NextStep(
          after: finding, spawn: observation.flatMap { spawns[$0.agent.session] }, daemon: daemon, at: time,
          policy: policy))
      if judgements.last?.agent == finding.subject {
        judgements[judgements.count - 1].steps.append(step)
      } else {
        judgements.append(Judgement(agent: finding.subject, session: finding.session, steps: [step]))
      }
    }
    return judgements
  }
}

/// One line of a history for people: what, why, and in brackets the evidence.
package enum HistoryText {
  package static func line(_ entry: HistoryEntry) -> String {
    let until = entry.until.map { " (until \($0))" } ?? ""
    return displayable(entry.reason) + until + evidence(entry)
  }

  /// What the decision was based on, as far as the reason does not name it already.
  package static func evidence(_ entry: HistoryEntry) -> String {
    var parts: [String] = []
    func add(_ label: String, _ value: String?) {
      guard let value, !entry.reason.contains(value) else { return }
      parts.append("\(label)\(displayable(value))")
    }
    add("", entry.cause)
    add("pid ", entry.pid.map { "\($0)" })
    add("hook ", entry.bead)
    add("bead says ", entry.agentState)
    add("capsule ", entry.capsule)
    return parts.isEmpty ? "" : " [\(parts.joined(separator: ", "))]"
  }
}
