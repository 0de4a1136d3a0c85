// SPDX-License-Identifier: Apache-2.0

/// Rule 5: an agent of the town's own or a rig's own, which reports that it works and runs nowhere,
/// is marked dead in its bead.
package enum StaleRule {
  /// What became of marking an agent.
  package enum Outcome: Sendable, Hashable {
    case marked
    /// Nothing was written and nothing is wrong: the world had moved on.
    case declined(String)
    case failed(String)
  }

  /// Orders the mark, where everything speaks for it.
  ///
  /// - Parameter decision: what the rules that start agents have decided about this one.
  static func judge(
    _ observation: AgentObservation, decision: Finding.Decision?, snapshot: TownSnapshot, policy: Policy,
    plan: inout Plan
  ) {
    let agent = observation.agent
    guard applies(to: agent), case .known(let found) = observation.bead else { return }
    let marking = plan.ledger[agent].marking
    if let marking, let bead = found, bead.id == marking.bead, bead.agentState == .dead {
      // Written by us, although nobody has heard the end of it.
      let order = MarkOrder(agent: agent, bead: bead.id, hook: bead.hookBead, since: marking.since)
      record(.marked, of: order, at: snapshot.time, in: &plan)
      return
    }
    guard let bead = found, isStale(bead, at: snapshot.time, steps: plan.ledger.clockSteps, policy: policy),
      !observation.liveness.isAlive
    else {
      plan.ledger[agent].marking = nil
      return
    }
    // An agent that is being started, or will be, or of which too little is known, is left alone.
    guard decision == .leave || decision == .stuck, isGone(observation.liveness),
      snapshot.doubt(about: observation) == nil
    else {
      return
    }
    plan.marks.append(MarkOrder(agent: agent, bead: bead.id, hook: bead.hookBead, since: bead.updatedAt))
  }

  /// Why the mark must not be written after all, by what was read and seen just before; `nil` where
  /// nothing speaks against it.
  ///
  /// - Parameter steps: those of the wall clock, as the order's turn knew them.
  package static func objection(
    to order: MarkOrder, bead reading: Reading<Bead?>?, snapshot: TownSnapshot, steps: ClockSteps, policy: Policy
  ) -> String? {
    guard case .known(let found)? = reading else { return reading?.failure ?? "\(order.bead) was not read" }
    guard let bead = found, isStale(bead, at: snapshot.time, steps: steps, policy: policy), bead.hookBead == order.hook
    else {
      return "\(order.bead) has changed meanwhile"
    }
    guard snapshot.tmuxIsComplete else { return "not every tmux server could be asked" }
    guard let observation = snapshot.agents.first(where: { $0.agent == order.agent }), isGone(observation.liveness),
      observation.elsewhere == nil
    else { return "\(order.agent.address) may be running" }
    return nil
  }

  /// Takes note of an outcome. A failure is reported once, and tried again at the next heartbeat.
  package static func record(_ outcome: Outcome, of order: MarkOrder, at time: Timestamp, in plan: inout Plan) {
    let agent = order.agent
    switch outcome {
    case .marked:
      plan.ledger[agent].marking = nil
      let age = plan.ledger.clockSteps.age(of: order.since, at: time).inWords
      plan.events.append(
        TownEvent(
          .staleAgent, agent: agent,
          message: "\(agent.address) runs nowhere and had not changed its bead for \(age); its bead now says dead",
          bead: order.bead, reason: "it reported to be at work, without a process, for \(age)"))
    case .declined:
      plan.ledger[agent].marking = nil
    case .failed(let reason):
      plan.ledger[agent].marking = AgentRecord.Marking(bead: order.bead, since: order.since, failure: reason)
    }
  }

  private static func applies(to agent: AgentIdentity) -> Bool {
    switch agent.role {
    case .deacon, .mayor, .witness, .refinery: true
    case .crew, .polecat: false
    }
  }

  private static func isStale(_ bead: Bead, at time: Timestamp, steps: ClockSteps, policy: Policy) -> Bool {
    !bead.status.isOver && bead.agentState?.isAtWork == true
      && steps.age(of: bead.updatedAt, at: time) >= policy.stale
  }

  /// A shell at which a person sits may be about to become the agent.
  private static func isGone(_ liveness: Liveness) -> Bool {
    switch liveness {
    case .dead, .absent: true
    case .deadShell(let shell): !shell.isAttached
    case .alive, .unknown: false
    }
  }
}
