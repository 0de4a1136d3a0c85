// SPDX-License-Identifier: Apache-2.0

/// An agent that another tool has started is taken over where it is: its pane gets this town's mark, and
/// nothing else happens to it.
///
/// The intent is in the ledger before the mark is made, and stays until the mark has been seen or the end of
/// the attempt is known, so that a daemon that ends in between is followed by one that knows.
package enum AdoptionRule {
  /// A pane that is to be marked, if it is still what it was.
  package struct Order: Sendable, Hashable {
    package var agent: AgentIdentity
    package var life: ProcessLife
    package var place: Liveness.Place

    package init(adopting agent: AgentIdentity, life: ProcessLife, place: Liveness.Place) {
      self.agent = agent
      self.life = life
      self.place = place
    }
  }

  /// What became of an order.
  package enum Outcome: Sendable, Hashable {
    case adopted
    /// Nothing was done and nothing is wrong: the world had moved on.
    case declined(String)
    case failed(String)
  }

  /// Orders the adoption of an agent that lives, or says once why it is not adopted.
  ///
  /// - Returns: why it is not adopted, for the finding; `nil` where it is, or will be.
  static func judge(
    _ life: ProcessLife, place: Liveness.Place, of agent: AgentIdentity, at time: Timestamp,
    record: inout AgentRecord, plan: inout Plan
  ) -> String? {
    let pid = place.workers.first?.pid ?? life.pid
    if place.isMarked {
      // Marked by us, although nobody has heard the end of it.
      if record.adoption?.life == life, place.isAdopted { note(.adopted, agent: agent, pid: pid, plan: &plan) }
      record.adoption = nil
      return nil
    }
    if let objection = place.objection {
      if record.adoption?.failure != objection || record.adoption?.life != life {
        plan.remarks.append(
          Remark(agent: agent, message: "\(agent.address) runs (pid \(pid)) and is not adopted: \(objection)"))
      }
      record.adoption = AgentRecord.Adoption(life: life, failure: objection)
      return objection
    }
    if let retry = record.adoption?.retryAt, record.adoption?.life == life, retry > time,
      retry - time <= TownRules.retry
    {
      plan.look(at: retry)
      return record.adoption?.failure
    }
    record.adoption = AgentRecord.Adoption(
      life: life, failure: record.adoption?.life == life ? record.adoption?.failure : nil)
    plan.adoptions.append(Order(adopting: agent, life: life, place: place))
    return nil
  }

  /// Takes note of the end of an attempt. A failure is reported once, and tried again.
  package static func record(_ outcome: Outcome, of order: Order, at time: Timestamp, in plan: inout Plan) {
    let agent = order.agent
    switch outcome {
    case .adopted:
      if plan.ledger[agent].adoption?.life == order.life {
        note(.adopted, agent: agent, pid: order.place.workers.first?.pid ?? order.life.pid, plan: &plan)
      }
      plan.ledger[agent].adoption = nil
    case .declined(let reason), .failed(let reason):
      let told = plan.ledger[agent].adoption?.failure
      if told != reason, case .failed = outcome { note(outcome, agent: agent, pid: order.life.pid, plan: &plan) }
      plan.ledger[agent].adoption = AgentRecord.Adoption(
        life: order.life, failure: reason, retryAt: time + TownRules.retry)
      plan.look(at: time + TownRules.retry)
    }
  }

  private static func note(_ outcome: Outcome, agent: AgentIdentity, pid: Int32, plan: inout Plan) {
    switch outcome {
    case .adopted:
      plan.events.append(
        TownEvent(
          .agentAdopted, agent: agent,
          message: "\(agent.address) is adopted where it runs (pid \(pid)), without a restart", pid: pid,
          reason: "another program has started it"))
    case .declined(let reason), .failed(let reason):
      plan.remarks.append(Remark(agent: agent, message: "\(agent.address) could not be adopted: \(reason)"))
    }
  }
}

/// Something that a person who reads the journal may want to know, and that is no event.
package struct Remark: Sendable, Hashable {
  package var agent: AgentIdentity
  package var message: String

  package init(agent: AgentIdentity, message: String) {
    self.agent = agent
    self.message = message
  }
}
