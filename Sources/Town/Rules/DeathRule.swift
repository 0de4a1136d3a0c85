// SPDX-License-Identifier: Apache-2.0

/// A death is a transition: an agent that is known to have lived since boot does not live any more.
package enum DeathRule {
  /// Records a death that this look has found, once: the event, the open death where it asks for an
  /// answer, and a notice where nobody restarts the agent.
  static func note(
    _ observation: AgentObservation, need: WorkRule.Need, snapshot: TownSnapshot, record: inout AgentRecord,
    plan: inout Plan
  ) {
    if let life = record.life ?? record.death?.life, life.boot != snapshot.boot {
      // A reboot is nobody's crash.
      record.life = nil
      record.since = nil
      record.death = nil
      record.launch = nil
      return
    }
    let corpse: Liveness.Corpse? = if case .dead(let found) = observation.liveness { found } else { nil }
    let grave = corpse.map { AgentRecord.Grave(server: $0.server, pane: $0.pane, pid: $0.pid) }
    let lived = record.life
    guard lived != nil || (grave != nil && grave != record.grave && record.death == nil) else {
      // A corpse of an attempt to answer an open death is that death's.
      if let grave { record.grave = grave }
      return
    }

    let cause = cause(of: lived, liveness: observation.liveness, snapshot: snapshot)
    let agent = observation.agent
    defer { record.worker = nil }
    record.life = nil
    record.since = nil
    record.grave = grave
    let bead = observation.bead.value.flatMap { $0?.hookBead }

    switch need {
    case .rest(.stopped, let reason):
      plan.events.append(
        TownEvent(
          .agentStopped, agent: agent, message: "\(agent.address) is down: \(reason)", bead: bead,
          pid: record.worker ?? lived?.pid ?? corpse?.pid, cause: cause, reason: reason))
    case .rest(_, let reason):
      plan.events.append(
        event(
          agent, cause: cause, pid: record.worker ?? lived?.pid ?? corpse?.pid, bead: bead, record: record,
          because: reason))
      if WorkRule.rule(for: agent) == .observed, cause?.isCrash ?? true {
        plan.notices.append(.died(agent, hook: bead, cause: cause))
      }
    case .run, .wait, .unknown:
      plan.events.append(
        event(
          agent, cause: cause, pid: record.worker ?? lived?.pid ?? corpse?.pid, bead: bead, record: record, because: nil
        ))
      record.death = AgentRecord.Death(seenAt: snapshot.time, life: lived, cause: cause, hook: bead)
    }
  }

  /// Records the death of an agent in whose place something runs of which it is not clear that it is the
  /// agent. That may be a person's: the death stays open for as long as it is in the way.
  static func noteUnseen(
    _ observation: AgentObservation, need: WorkRule.Need, snapshot: TownSnapshot, record: inout AgentRecord,
    plan: inout Plan
  ) {
    if record.life != nil {
      var gone = observation
      gone.liveness = .unknown("something else runs in its place")
      note(gone, need: need, snapshot: snapshot, record: &record, plan: &plan)
    }
    if record.death != nil { plan.look(at: snapshot.time + TownRules.retry) }
  }

  /// Closes an open death that is not answered by a restart, and says why.
  static func close(_ record: inout AgentRecord, of agent: AgentIdentity, because reason: String, plan: inout Plan) {
    guard let death = record.death else { return }
    record.death = nil
    record.launch = nil
    plan.events.append(
      TownEvent(
        .agentStopped, agent: agent, message: "\(agent.address) is not restarted: \(reason)", bead: death.hook,
        pid: death.life?.pid, cause: death.cause, restarts: record.restarts, reason: reason))
  }

  private static func cause(of life: ProcessLife?, liveness: Liveness, snapshot: TownSnapshot) -> ExitCause? {
    switch liveness {
    case .dead(let corpse):
      guard let life else { return corpse.cause }
      // A pane that was started anew and died again meanwhile still tells of this agent's last death.
      return corpse.server == life.server && corpse.pane == life.pane ? corpse.cause : .sessionGone
    case .deadShell: return .shellLeft
    case .absent:
      guard let life else { return nil }
      return snapshot.servers.contains(life.server) ? .sessionGone : .serverGone
    case .alive, .unknown: return nil
    }
  }

  private static func event(
    _ agent: AgentIdentity, cause: ExitCause?, pid: Int32?, bead: String?, record: AgentRecord, because reason: String?
  ) -> TownEvent {
    let isCrash = cause?.isCrash ?? true
    let how = cause?.description ?? "died of an unknown cause"
    let work = bead.map { ", with \(displayable($0)) on its hook" } ?? ""
    let rest = reason.map { "; \($0)" } ?? ""
    return TownEvent(
      isCrash || reason == nil ? .crashDetected : .agentStopped, agent: agent,
      message: "\(agent.address) \(how)\(work)\(rest)", bead: bead, pid: pid, cause: cause, restarts: record.restarts,
      reason: reason ?? how)
  }
}

extension ExitCause {
  /// Whether this is more than a process that ended of its own will.
  package var isCrash: Bool { self != .exited(status: 0) }
}
