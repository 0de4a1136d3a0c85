// SPDX-License-Identifier: Apache-2.0

/// What is done about an agent that ought to run and does not.
extension TownRules {
  /// - Parameter isConfirmed: whether what its beads say has just been read afresh.
  func launch(
    _ observation: AgentObservation, hook: String?, in snapshot: TownSnapshot, isConfirmed: Bool,
    record: inout AgentRecord, plan: inout Plan
  ) {
    let agent = observation.agent
    let time = snapshot.time
    if let obstacle = obstacle(to: observation) {
      plan.findings.append(finding(agent, .stuck, obstacle))
      if isToBeConfirmed(observation, hook: hook, record: record), !isConfirmed {
        // An order for which its beads are read first. Then there is none, for the obstacle is still there.
        plan.launches.append(
          LaunchOrder(
            agent: agent, rule: WorkRule.rule(for: agent), isRestart: record.death != nil, hook: hook,
            place: observation.liveness.place, reason: obstacle))
        return
      }
      refuse(agent, hook: hook, because: obstacle, record: &record, plan: &plan)
      // Whoever is in the way may go at any time.
      plan.look(at: time + TownRules.retry)
      return
    }
    if let silence = snapshot.doubt(about: observation) {
      // Its pane has shown that it is dead. By now it may have been started there all the same.
      plan.findings.append(finding(agent, .unknown, silence))
      plan.look(at: time + TownRules.retry)
      return
    }
    note(record.restartPolicy.noteHook(hook), of: agent, hook: hook, record: &record, plan: &plan)
    let missing = snapshot.missingCommands[agent.role]
    note(
      record.restartPolicy.noteCommand(missing: missing, at: time), of: agent, hook: hook, record: &record, plan: &plan)
    if let missing {
      let since = record.restartPolicy.commandMissingSince
      let until = since.map { $0 + RestartPolicy.commandPause } ?? time + policy.restart.probe
      plan.findings.append(
        finding(
          agent, since == nil ? .parked : .wait, "its command \(quotedForDisplay(missing)) is not there", until: until))
      plan.look(at: until)
      return
    }
    if let hook, waitsAfterExit(agent, hook: hook, at: time, isConfirmed: isConfirmed, record: &record, plan: &plan) {
      return
    }
    switch record.restartPolicy.verdict(at: time, limits: policy.restart) {
    case .parked(let parking, let until):
      plan.findings.append(finding(agent, .parked, parking.words, until: until))
      if let until { plan.look(at: until) }
      return
    case .wait(let until):
      let attempts = record.restartPolicy.attempts
      plan.findings.append(
        finding(agent, .wait, "backing off after \(counted(attempts, "attempt")) in a row", until: until)
      )
      plan.look(at: until)
      return
    case .start, .probe: break
    }
    if let objection = HostRule.objection(snapshot.host, policy: policy) {
      plan.heldBack += 1
      plan.findings.append(finding(agent, .wait, objection, until: time + HostRule.retry))
      plan.look(at: time + HostRule.retry)
      return
    }
    let isRestart = record.death != nil
    let reason = reason(for: observation, hook: hook, record: record)
    plan.findings.append(finding(agent, isRestart ? .restart : .start, reason))
    plan.launches.append(
      LaunchOrder(
        agent: agent, rule: WorkRule.rule(for: agent), isRestart: isRestart, hook: hook,
        place: observation.liveness.place, reason: reason,
        // Its conversation is about the work that it died with.
        resumes: isRestart && policy.resuming.contains(agent.role) && record.resumeFailed != true
          && (hook == nil || record.death?.hook == hook)))
  }

  /// One who ended without an error may be about to put its work down: it is looked at again after a
  /// while, and that it has not is counted once, on what was read afresh.
  private func waitsAfterExit(
    _ agent: AgentIdentity, hook: String, at time: Timestamp, isConfirmed: Bool, record: inout AgentRecord,
    plan: inout Plan
  ) -> Bool {
    guard let death = record.death, let due = death.endOfExitPause(of: agent, at: time, limits: policy.restart) else {
      return false
    }
    if due > time {
      let reason = "it exited without an error, with \(displayable(hook)) still on its hook"
      plan.findings.append(finding(agent, .wait, reason, until: due))
      plan.look(at: due)
      return true
    }
    guard isConfirmed else { return false }
    record.death?.isCounted = true
    note(
      record.restartPolicy.noteExit(on: hook, at: time, limits: policy.restart), of: agent, hook: hook,
      cause: death.cause, record: &record, plan: &plan)
    return false
  }

  func note(
    _ change: RestartPolicy.Change, of agent: AgentIdentity, hook: String?, cause: ExitCause? = nil,
    record: inout AgentRecord, plan: inout Plan
  ) {
    ParkRule.tell(change, of: agent, hook: hook, cause: cause, record: record, policy: policy, plan: &plan)
  }

  private func obstacle(to observation: AgentObservation) -> String? {
    if let objection = observation.objectionToDirectory { return objection }
    if case .deadShell(let shell) = observation.liveness {
      if shell.isAttached { return "its pane holds a bare shell that a person is looking at" }
      if !shell.belongsHere { return "its session holds a shell that is not this agent's: \(shell.place.serverName)" }
    }
    return nil
  }

  /// Whether what keeps it from being started has not been told, and may only mean that it was removed since its beads
  /// were read.
  private func isToBeConfirmed(_ observation: AgentObservation, hook: String?, record: AgentRecord) -> Bool {
    observation.objectionToDirectory != nil && WorkRule.rule(for: observation.agent) == .sessionHealth
      && record.toldRefusal != (hook ?? "")
  }

  /// How long a tmux server may block the answer to a death before it is reported.
  static let silenceLimit: Duration = .seconds(300)

  /// An agent that does not run, and is not started because a tmux server does not answer, is reported after some
  /// minutes: a person can fix that.
  func noteSilence(
    about observation: AgentObservation, need: WorkRule.Need, in snapshot: TownSnapshot, record: inout AgentRecord,
    plan: inout Plan
  ) {
    let silence: String? =
      switch observation.liveness {
      case .unknown(let reason): observation.hasEnded || record.death != nil ? reason : nil
      case .dead, .deadShell, .absent: snapshot.doubt(about: observation)
      case .alive: nil
      }
    guard let silence, case .run(let hook) = need else {
      record.unansweredSince = nil
      return
    }
    let since = record.unansweredSince ?? snapshot.time
    record.unansweredSince = since
    let limit = since + TownRules.silenceLimit
    guard snapshot.time >= limit else { return plan.look(at: limit) }
    refuse(
      observation.agent, hook: hook, because: "it does not run, and \(silence)", needsPerson: true, record: &record,
      plan: &plan)
  }

  /// Says once, of one piece of work, that its agent cannot be started.
  func refuse(
    _ agent: AgentIdentity, hook: String?, because reason: String, needsPerson: Bool = false,
    record: inout AgentRecord, plan: inout Plan
  ) {
    let work = hook ?? ""
    guard record.toldRefusal != work else { return }
    record.toldRefusal = work
    var event = TownEvent(
      .restartFailed, agent: agent, message: "\(agent.address) cannot be started: \(reason)", bead: hook,
      restarts: record.restarts, reason: reason)
    if needsPerson { event.needsPerson = true }
    plan.events.append(event)
    plan.notices.append(.cannotStart(agent, hook: hook, reason: reason, needsPerson: needsPerson))
  }

  private func reason(for observation: AgentObservation, hook: String?, record: AgentRecord) -> String {
    let work = hook.map { ", with \(displayable($0)) on its hook" } ?? ""
    let trial = record.restartPolicy.parking.map { "; a trial, as it is parked: \($0.words)" } ?? ""
    guard let death = record.death else {
      return record.grave == nil ? "it has not lived since boot\(work)\(trial)" : "it does not run\(work)\(trial)"
    }
    return "it \(death.cause.predicate)\(work)\(trial)"
  }
}

extension AgentRecord.Death {
  /// Until when an agent that ended without an error is left to put its work down; `nil` for other deaths, and once it
  /// is counted that it has not.
  func endOfExitPause(of agent: AgentIdentity, at time: Timestamp, limits: Policy.Restart) -> Timestamp? {
    guard DeathRule.isExit(cause, of: agent), isCounted != true else { return nil }
    return min(seenAt, time) + limits.exitPause
  }
}
