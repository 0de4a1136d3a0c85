// SPDX-License-Identifier: Apache-2.0

/// Rule 7: work on the hook of an agent that is dead, does not run, and is not restarted, is reported, once for each
/// agent and hook.
package enum OrphanRule {
  /// - Parameter decision: what the rules that start agents have decided about this one.
  static func judge(
    _ observation: AgentObservation, decision: Finding.Decision?, snapshot: TownSnapshot, plan: inout Plan
  ) {
    let agent = observation.agent
    guard case .known(let found) = observation.bead else { return }
    guard let bead = found, !bead.status.isOver, let hook = bead.hookBead, !observation.liveness.isAlive else {
      // Should it come to that again, it is another matter.
      plan.ledger[agent].toldOrphan = nil
      return
    }
    guard bead.agentState == .dead, decision == .leave, snapshot.doubt(about: observation) == nil else { return }
    switch observation.liveness {
    case .alive, .unknown: return
    case .dead, .deadShell, .absent: break
    }
    let told = plan.ledger[agent].toldOrphan.flatMap { $0.hook == hook ? $0 : nil }
    if told?.isSent == true { return }
    guard let caution = plan.checkWork(hook, of: observation) else { return }
    plan.notices.append(.orphanedWork(agent, bead: bead.id, hook: hook))
    guard told == nil else { return }
    plan.ledger[agent].toldOrphan = AgentRecord.Told(hook: hook, since: bead.updatedAt)
    plan.events.append(
      TownEvent(
        .orphanedWork, agent: agent,
        message: "\(agent.address) is dead, and no agent works on \(displayable(hook)), which is on its hook",
        bead: hook, reason: "its bead \(bead.id) says dead\(caution)"))
  }
}

extension Plan {
  /// Whether the work on an agent's hook is still to be done: finished or unreadable work is not reported. Work that
  /// has not been read yet is requested.
  ///
  /// - Returns: an addition to the reason; `nil` where nothing is to be reported.
  mutating func checkWork(_ hook: String, of observation: AgentObservation) -> String? {
    switch observation.hooked {
    case nil:
      hooksInDoubt.insert(hook)
      return nil
    case .unknown?: return nil
    case .known(nil)?: return "; \(displayable(hook)) was not found, and counts as open"
    case .known(let work?)?: return work.status.isOver ? nil : ""
    }
  }
}
