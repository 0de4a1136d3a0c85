// SPDX-License-Identifier: Apache-2.0

/// Rule 6: who has work on the hook runs it. A polecat that lives, has work and has made no progress for long is
/// reported, once, and again only after progress.
package enum GuppRule {
  static func judge(_ observation: AgentObservation, snapshot: TownSnapshot, policy: Policy, plan: inout Plan) {
    let agent = observation.agent
    guard agent.role == .polecat, case .known(let found) = observation.bead else { return }
    guard let bead = found, !bead.status.isOver, let hook = bead.hookBead else {
      plan.ledger[agent].toldGupp = nil
      return
    }
    let age = plan.ledger.clockSteps.age(of: bead.updatedAt, at: snapshot.time)
    let record = plan.ledger[agent]
    guard bead.agentState?.isAtWork == true, age >= policy.gupp, case .alive(let life, _) = observation.liveness,
      record.life == life, let since = record.since,
      let accountable = FreezeRule.accountable(life, record: record, since: since),
      snapshot.time - accountable >= policy.gupp
    else { return }
    let told = record.toldGupp.flatMap { $0.isAbout(hook, since: bead.updatedAt) ? $0 : nil }
    if told?.isSent == true { return }
    guard let caution = plan.checkWork(hook, of: observation) else { return }
    plan.notices.append(.guppViolation(agent, bead: bead.id, hook: hook, age: age))
    guard told == nil else { return }
    plan.ledger[agent].toldGupp = AgentRecord.Told(hook: hook, since: bead.updatedAt)
    plan.events.append(
      TownEvent(
        .guppViolation, agent: agent,
        message: "\(agent.address) has made no progress for \(age.inWords), with \(displayable(hook)) on its hook",
        bead: hook, pid: life.pid, reason: "its bead \(bead.id) has not changed for \(age.inWords)\(caution)"))
  }
}
