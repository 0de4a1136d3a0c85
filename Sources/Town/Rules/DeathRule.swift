// SPDX-License-Identifier: Apache-2.0

/// A death is a transition: an agent that is known to have lived since boot does not live any more.
package enum DeathRule {
  /// Records a death that this look has found, once: the event, the open death where it asks for an answer, and a
  /// notice where the agent is not restarted.
  static func note(
    _ observation: AgentObservation, need: WorkRule.Need, snapshot: TownSnapshot, policy: Policy,
    record: inout AgentRecord, plan: inout Plan
  ) {
    if let life = record.life ?? record.death?.life, life.boot != snapshot.boot {
      // A reboot is nobody's crash.
      record.life = nil
      record.since = nil
      record.hook = nil
      record.death = nil
      record.launch = nil
      return
    }
    let corpse: Liveness.Corpse? = if case .dead(let found) = observation.liveness { found } else { nil }
    let grave = corpse.map { AgentRecord.Grave(server: $0.server, pane: $0.pane, pid: $0.pid) }
    let lived = record.life
    guard lived != nil || (grave.map(record.knows) == false && record.death == nil) else {
      // A corpse of an attempt to answer an open death is that death's.
      if let grave { record.bury(grave) }
      return
    }

    let cause = cause(of: lived, liveness: observation.liveness, snapshot: snapshot)
    let agent = observation.agent
    // It has ended by itself before it was at its work: that is what a refused conversation looks like.
    if record.isResumed == true, cause?.isByItself != false, let since = record.since,
      snapshot.time - since < policy.restart.resumeTrial
    {
      record.resumeFailed = true
    }
    record.isResumed = nil
    // The first look of a daemon does not wait for the beads.
    let bead = if case .known(let bead) = observation.bead { bead?.hookBead } else { record.hook }
    record.hook = nil
    var report = DeathReport(
      agent, seenAt: snapshot.time, cause: cause, life: lived, since: record.since,
      remains: observation.liveness.remains(of: lived), restarts: record.restarts, hook: bead, intent: record.lifecycle,
      hold: observation.hold.value ?? nil)
    report.worker = record.worker
    report.scope = record.scope.flatMap { $0.life == lived ? $0 : nil }
    record.worker = nil
    record.life = nil
    record.since = nil
    // Its corpse may only be seen later, on a server that did not answer: that is no other death.
    if let lived { record.bury(AgentRecord.Grave(of: lived)) }
    if let grave, !record.knows(grave) { record.bury(grave) }

    switch need {
    case .rest(.stopped, let reason):
      var event = TownEvent(
        .agentStopped, agent: agent, message: "\(agent.address) is down: \(reason)", bead: bead,
        pid: report.pid ?? corpse?.pid, cause: cause, reason: reason)
      // No crash, but nobody of ours has seen how it was ended.
      if cause?.isCrash == true {
        event.capsule = report.id
        plan.deaths.append(report)
      }
      plan.events.append(event)
    case .rest(let why, let reason):
      tell(report, because: reason, plan: &plan)
      if WorkRule.rule(for: agent) == .sessionHealth, why != .held { plan.wantsBeads = true }
      if WorkRule.rule(for: agent) == .observed, cause?.isCrash ?? true {
        plan.notices.append(.died(agent, hook: bead, cause: cause))
      }
    case .run, .wait, .unknown:
      tell(report, because: nil, plan: &plan)
      record.death = AgentRecord.Death(
        seenAt: snapshot.time, life: lived, cause: cause, hook: bead, capsule: report.id, since: report.since)
      count(cause, of: agent, hook: bead, at: snapshot.time, policy: policy, record: &record, plan: &plan)
    }
  }

  /// Counts a death against the agent; one without an error counts when it is known that its work was not
  /// finished.
  static func count(
    _ cause: ExitCause?, of agent: AgentIdentity, hook: String?, at time: Timestamp, policy: Policy,
    record: inout AgentRecord, plan: inout Plan
  ) {
    if isExit(cause, of: agent) { return record.restartPolicy.noteEnd(at: time) }
    let change = record.restartPolicy.noteCrash(at: time, limits: policy.restart)
    ParkRule.tell(change, of: agent, hook: hook, cause: cause, record: record, policy: policy, plan: &plan)
  }

  /// Whether one who has work on a hook ended without an error. The Deacon and the Witnesses have none:
  /// their end is a death like any other.
  static func isExit(_ cause: ExitCause?, of agent: AgentIdentity) -> Bool {
    cause?.isCrash == false && WorkRule.rule(for: agent) == .sessionHealth
  }

  /// Records the death of an agent in whose place something runs of which it is not clear that it is the
  /// agent. That may be a person's: the death stays open for as long as it is in the way.
  static func noteUnseen(
    _ observation: AgentObservation, need: WorkRule.Need, snapshot: TownSnapshot, policy: Policy,
    record: inout AgentRecord, plan: inout Plan
  ) {
    if record.life != nil {
      var gone = observation
      gone.liveness = .unknown("another process runs in its place")
      note(gone, need: need, snapshot: snapshot, policy: policy, record: &record, plan: &plan)
    }
    if record.death != nil { plan.look(at: snapshot.time + TownRules.retry) }
  }

  /// Closes an open death that is not answered by a restart, and says why.
  static func close(
    _ record: inout AgentRecord, of agent: AgentIdentity, because reason: String, isStopped: Bool, plan: inout Plan
  ) {
    guard let death = record.death else { return }
    record.death = nil
    record.launch = nil
    // When it was seen nobody could tell whether it would be answered.
    if WorkRule.rule(for: agent) == .observed, !isStopped, death.cause?.isCrash ?? true {
      plan.notices.append(.died(agent, hook: death.hook, cause: death.cause))
    }
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
    case .deadShell(let shell) where shell.belongsHere: return .shellLeft
    case .deadShell, .absent:
      guard let life else { return nil }
      return snapshot.servers.contains(life.server) ? .sessionGone : .serverGone
    case .alive, .unknown: return nil
    }
  }

  /// The event, and for what is more than an end in peace the order to gather its evidence.
  static func tell(_ report: DeathReport, because reason: String?, plan: inout Plan) {
    let agent = report.agent
    let isCrash = (report.cause?.isCrash ?? true) || reason == nil
    let work = report.hook.map { ", with \(displayable($0)) on its hook" } ?? ""
    let rest = reason.map { "; \($0)" } ?? ""
    var event = TownEvent(
      isCrash ? .crashDetected : .agentStopped, agent: agent,
      message: "\(agent.address) \(report.cause.predicate)\(work)\(rest)",
      bead: report.hook, pid: report.pid, cause: report.cause, restarts: report.restarts,
      reason: reason ?? report.cause.words)
    if isCrash {
      event.capsule = report.id
      plan.deaths.append(report)
    }
    plan.events.append(event)
  }

  /// A death that is still open and whose capsule is missing: the daemon ended before it was written.
  package static func unrecorded(
    _ observation: AgentObservation, record: AgentRecord, hasCapsule: (String) -> Bool
  ) -> DeathReport? {
    guard let death = record.death, let id = death.capsule, !hasCapsule(id) else { return nil }
    var report = DeathReport(
      observation.agent, seenAt: death.seenAt, cause: death.cause, life: death.life,
      remains: observation.liveness.remains(of: death.life), restarts: record.restarts, hook: death.hook,
      hold: observation.hold.value ?? nil)
    report.id = id
    return report
  }
}

extension ExitCause {
  /// Whether this is more than a process that ended of its own will.
  package var isCrash: Bool { self != .exited(status: 0) }
}
