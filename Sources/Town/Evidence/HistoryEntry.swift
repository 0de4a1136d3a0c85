// SPDX-License-Identifier: Apache-2.0

/// One line of an agent's history: something that happened, or a decision that changed.
package struct HistoryEntry: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, Codable { case event, decision }

  package var time: Timestamp
  package var kind: Kind
  /// The event's or the decision's own name.
  package var what: String
  /// The rule that decided; `nil` for events.
  package var rule: String?
  package var reason: String
  /// When it is looked at again.
  package var until: Timestamp?
  package var cause: String?
  package var pid: Int32?
  package var bead: String?
  package var agentState: String?
  package var capsule: String?

  package init(
    time: Timestamp, kind: Kind, what: String, rule: String? = nil, reason: String, until: Timestamp? = nil,
    cause: String? = nil, pid: Int32? = nil, bead: String? = nil, agentState: String? = nil, capsule: String? = nil
  ) {
    self.time = time
    self.kind = kind
    self.what = what
    self.rule = rule
    self.reason = reason
    self.until = until
    self.cause = cause
    self.pid = pid
    self.bead = bead
    self.agentState = agentState
    self.capsule = capsule
  }

  /// What happened.
  package init(_ event: TownEvent, at time: Timestamp) {
    self.init(
      time: time, kind: .event, what: event.kind.rawValue, reason: event.reason ?? event.message,
      cause: event.cause?.description, pid: event.pid, bead: event.bead, capsule: event.capsule)
  }

  /// What was decided, and on what evidence.
  package init(_ finding: Finding, observation: AgentObservation?, record: AgentRecord, at time: Timestamp) {
    let found = observation?.bead.value.flatMap { $0 }
    let death = record.death
    self.init(
      time: time, kind: .decision, what: finding.decision.rawValue, rule: finding.rule.rawValue,
      reason: finding.reason, until: finding.until, cause: death?.cause?.description,
      pid: observation?.liveness.pid ?? death?.life?.pid, bead: found?.hookBead,
      agentState: found?.agentState?.rawValue, capsule: death?.capsule)
  }

  /// That a command has added the agent to the town.
  package static func added(at time: Timestamp, hook: String?) -> HistoryEntry {
    HistoryEntry(
      time: time, kind: .event, what: addition, reason: "added to the town" + (hook == nil ? ", idle" : ""), bead: hook)
  }

  /// That a command has changed what the bead of an agent says that has never been started.
  package static func changed(at time: Timestamp, hook: String?) -> HistoryEntry {
    HistoryEntry(
      time: time, kind: .event, what: change, reason: "its bead was changed, before its first start", bead: hook)
  }

  /// Whether a supervisor has written this, and not a command that adds or changes an agent.
  package var isOfSupervision: Bool { what != Self.addition && what != Self.change }

  private static let addition = "agent_added"
  private static let change = "agent_changed"

  /// When the agent was added, or its bead was changed by a command since, where its history has nothing else that
  /// happened: it has never been started.
  package static func additionOnly(_ history: [HistoryEntry]) -> Timestamp? {
    let events = history.filter { $0.kind == .event }
    return events.allSatisfy { $0.what == addition || $0.what == change } ? events.last?.time : nil
  }

  /// Whether `bead` is as the command left it that added the agent, or changed its bead, at `time`. Agents and those who
  /// start them write into the bead.
  package static func isUntouched(_ bead: Bead, since time: Timestamp) -> Bool {
    bead.updatedAt.inMilliseconds <= time.inMilliseconds
  }

  /// Whether this is the decision of `finding`.
  func decides(_ finding: Finding) -> Bool {
    what == finding.decision.rawValue && rule == finding.rule.rawValue && reason == finding.reason
  }

  /// Whether this decides as `other` did. What it is based on may have changed all the same.
  package func decides(as other: HistoryEntry?) -> Bool {
    guard let other else { return false }
    return what == other.what && rule == other.rule && reason == other.reason
  }
}

extension HistoryEntry: Codable {
  private enum CodingKeys: String, CodingKey {
    case time, kind, what, rule, reason, until, cause, pid, bead, capsule
    case agentState = "agent_state"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(time, forKey: .time)
    try container.encode(kind, forKey: .kind)
    try container.encode(what, forKey: .what)
    try container.encode(rule, forKey: .rule)
    try container.encode(reason, forKey: .reason)
    try container.encode(until, forKey: .until)
    try container.encode(cause, forKey: .cause)
    try container.encode(pid, forKey: .pid)
    try container.encode(bead, forKey: .bead)
    try container.encode(agentState, forKey: .agentState)
    try container.encode(capsule, forKey: .capsule)
  }
}

extension Liveness {
  /// The process that was seen, alive or dead.
  package var pid: Int32? {
    switch self {
    case .alive(let life, _): life.pid
    case .dead(let corpse): corpse.pid
    case .deadShell(let shell): shell.life.pid
    case .absent, .unknown: nil
    }
  }
}
