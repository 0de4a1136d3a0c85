// SPDX-License-Identifier: Apache-2.0

/// The events when an agent is parked or unparked, once each. For a parked agent there is also a message to the agents
/// in charge of it.
enum ParkRule {
  static func tell(
    _ change: RestartPolicy.Change, of agent: AgentIdentity, hook: String?, cause: ExitCause? = nil,
    record: AgentRecord, policy: Policy, plan: inout Plan
  ) {
    switch change {
    case .none: break
    case .parked(let parking):
      let outlook = outlook(parking, policy: policy)
      let last = cause.map { ", the last: \($0)" } ?? ""
      plan.events.append(
        TownEvent(
          .agentParked, agent: agent, message: "\(agent.address) is parked: \(parking.words)\(last); \(outlook)",
          bead: hook, cause: cause, restarts: record.restarts, reason: parking.words))
      plan.notices.append(.parked(agent, hook: hook, parking: parking, cause: cause, outlook: outlook))
    case .cleared(let parking):
      clear(parking, of: agent, because: reason(parking, policy: policy), record: record, plan: &plan)
    }
  }

  /// Says that an agent is no longer parked.
  static func clear(
    _ parking: Parking, of agent: AgentIdentity, because reason: String, record: AgentRecord, plan: inout Plan
  ) {
    plan.events.append(
      TownEvent(
        .agentCleared, agent: agent, message: "\(agent.address) is no longer parked: \(reason)",
        bead: record.death?.hook, pid: record.life?.pid, restarts: record.restarts, reason: reason))
  }

  /// What will be done about it, in words.
  static func outlook(_ parking: Parking, policy: Policy) -> String {
    switch parking.reason {
    case .crashLoop, .unfinished:
      "it is tried every \(policy.restart.probe.inWords), and unparked when it lasts \(policy.restart.stable.inWords)"
    case .noCommand: "it is looked for every \(policy.restart.probe.inWords), and the agent is started when it is found"
    }
  }

  private static func reason(_ parking: Parking, policy: Policy) -> String {
    switch parking.reason {
    case .crashLoop: "it has lasted \(policy.restart.stable.inWords)"
    case .unfinished: "it has lasted \(policy.restart.stable.inWords), or has other work"
    case .noCommand: "its command was found"
    }
  }
}

extension Ledger {
  /// Begins an agent's restarts anew. Returns why it was parked, where it was.
  @discardableResult
  package mutating func reset(_ agent: AgentIdentity) -> Parking? {
    let change = self[agent].restartPolicy.reset()
    self[agent].resumeFailed = nil
    self[agent].toldRefusal = nil
    if case .cleared(let parking) = change { return parking }
    return nil
  }
}

extension Plan {
  /// Says that a person has cleared an agent.
  package mutating func tellCleared(_ parking: Parking, of agent: AgentIdentity, because reason: String) {
    ParkRule.clear(parking, of: agent, because: reason, record: ledger[agent], plan: &self)
  }
}
