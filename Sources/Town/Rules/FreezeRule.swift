// SPDX-License-Identifier: Apache-2.0

/// An agent that a person has frozen is alive and cannot run: the time does not count against it.
package enum FreezeRule {
  /// Takes note of what the kernel says; who has frozen it, and how, does not matter.
  static func note(
    _ observation: AgentObservation, life: ProcessLife, at time: Timestamp, record: inout AgentRecord, plan: inout Plan
  ) {
    if let freeze = record.freeze, freeze.life != life { record.freeze = nil }
    guard let isFrozen = observation.isFrozen else { return }
    let agent = observation.agent
    let wasFrozen = record.freeze?.isOngoing == true
    if isFrozen, !wasFrozen {
      record.freeze = AgentRecord.Freeze(life: life, since: time)
      plan.events.append(
        TownEvent(
          .agentFrozen, agent: agent, message: "\(agent.address) is frozen until it is thawed",
          pid: life.pid, reason: "its control group is frozen"))
    } else if !isFrozen, wasFrozen, let since = record.freeze?.since {
      record.freeze?.thawedAt = time
      plan.events.append(
        TownEvent(
          .agentThawed, agent: agent,
          message: "\(agent.address) continues, after it was frozen for \(max(time - since, .zero).inWords)",
          pid: life.pid, reason: "its control group is no longer frozen"))
    }
  }

  /// Since when a life may be judged by what it does not do: `nil` while it is frozen, and never before it
  /// was thawed.
  static func accountable(_ life: ProcessLife, record: AgentRecord, since: Timestamp) -> Timestamp? {
    guard let freeze = record.freeze, freeze.life == life else { return since }
    return freeze.thawedAt.map { max($0, since) }
  }
}
