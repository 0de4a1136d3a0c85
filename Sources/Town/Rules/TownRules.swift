// SPDX-License-Identifier: Apache-2.0

/// The heartbeat's decisions: from what was seen, what is remembered and the time, to what is to be
/// done. Pure, so that whole towns can be tested without one.
package struct TownRules: Sendable {
  package var policy: Policy

  package init(policy: Policy) { self.policy = policy }

  /// How soon a death that could not be answered is looked at again.
  package static let retry: Duration = .seconds(30)

  /// What a turn's beads are good for.
  package enum Look: Sendable {
    /// They are those of an earlier heartbeat: deaths are answered, nothing else.
    case event
    /// They have just been read: all duties.
    case heartbeat
    /// The beads on hooks that the last heartbeat has asked for have been read.
    case hooks
  }

  /// - Parameters:
  ///   - look: how fresh the beads are.
  ///   - busy: sessions for which a job is under way; they are left to it.
  package func decide(_ snapshot: TownSnapshot, ledger: Ledger, busy: Set<String>, look: Look = .event) -> Plan {
    var plan = Plan(ledger: ledger)
    for observation in snapshot.agents {
      if busy.contains(observation.agent.session) {
        plan.findings.append(finding(observation.agent, .underway, "a job for it is under way"))
        continue
      }
      decide(observation, in: snapshot, plan: &plan)
    }
    if look != .event { attendWork(snapshot, look: look, plan: &plan) }
    for stranger in snapshot.strangers {
      plan.findings.append(
        Finding(
          subject: "\(stranger.rig)/\(displayable(stranger.name))", session: displayable(stranger.session),
          rule: .sessionHealth, decision: .unknown, reason: stranger.reason))
    }
    if snapshot.registryFailure != nil { plan.look(at: snapshot.time + TownRules.retry) }
    stagger(&plan)
    return plan
  }

  /// Rules 5, 6 and 7, after those that start agents.
  private func attendWork(_ snapshot: TownSnapshot, look: Look, plan: inout Plan) {
    let decisions = Dictionary(plan.findings.map { ($0.session, $0.decision) }, uniquingKeysWith: { first, _ in first })
    for observation in snapshot.agents {
      let decision = decisions[observation.agent.session]
      guard decision != .underway else { continue }
      if look == .heartbeat {
        StaleRule.judge(observation, decision: decision, snapshot: snapshot, policy: policy, plan: &plan)
      }
      GuppRule.judge(observation, snapshot: snapshot, policy: policy, plan: &plan)
      OrphanRule.judge(observation, decision: decision, snapshot: snapshot, plan: &plan)
    }
  }

  private func decide(_ observation: AgentObservation, in snapshot: TownSnapshot, plan: inout Plan) {
    let agent = observation.agent
    var record = plan.ledger[agent]
    defer { plan.ledger[agent] = record }
    if case .known(let bead?) = observation.bead, bead.hookBead == nil { record.shutdown?.hook = nil }
    let need = WorkRule.need(of: observation, shutdown: record.shutdown, at: snapshot.time, policy: policy)
    // New work on its hook, or it could not want to run.
    if case .run = need { record.shutdown = nil }

    switch observation.liveness {
    case .unknown(let reason):
      plan.findings.append(finding(agent, .unknown, reason))
      // It may have died: that must not wait for the heartbeat.
      if record.death != nil || record.life != nil { plan.look(at: snapshot.time + TownRules.retry) }
      return
    case .alive(let life, let place):
      var reason = "pid \(observation.liveness.agentPID ?? life.pid)"
      if !place.isOwnServer { reason += ", on the tmux server \(displayable(place.serverName))" }
      if let rest = place.settlesIn {
        // Not counted yet: its end may only be the end of a shell's start.
        plan.look(at: snapshot.time + rest)
      } else {
        // What cannot be told to be the agent must not be taken for its life either.
        if place.isMarked || place.objection == nil {
          noteLife(life, place: place, of: agent, in: snapshot, record: &record, plan: &plan)
        } else if record.life != life {
          DeathRule.noteUnseen(observation, need: need, snapshot: snapshot, record: &record, plan: &plan)
        }
        let objection = AdoptionRule.judge(
          life, place: place, of: agent, at: snapshot.time, record: &record, plan: &plan)
        if let objection { reason += "; not adopted: \(objection)" }
      }
      plan.findings.append(finding(agent, .alive, reason))
      return
    case .deadShell(let shell) where shell.place.settlesIn != nil:
      let until = snapshot.time + (shell.place.settlesIn ?? .zero)
      plan.findings.append(finding(agent, .wait, "somebody has just opened a shell in its session", until: until))
      plan.look(at: until)
      return
    case .dead, .deadShell, .absent:
      record.adoption = nil
    }

    // A life that was long enough counts although nobody looked while it lasted.
    if let since = record.since, snapshot.time - since >= policy.restart.stable { record.backoff = Backoff() }
    DeathRule.note(observation, need: need, snapshot: snapshot, record: &record, plan: &plan)
    answer(need, to: observation, at: snapshot.time, record: &record, plan: &plan)
  }

  /// Takes note of who lives, and of a launch of ours that nobody saw the end of.
  private func noteLife(
    _ life: ProcessLife, place: Liveness.Place, of agent: AgentIdentity, in snapshot: TownSnapshot,
    record: inout AgentRecord, plan: inout Plan
  ) {
    if record.life != life {
      if let launch = record.launch, place.isMarked, !place.isAdopted {
        let kind: EventKind = launch.isRestart ? .agentRestarted : .agentStarted
        if launch.isRestart { record.restarts += 1 }
        plan.events.append(
          TownEvent(
            kind, agent: agent,
            message: "\(agent.address) is up (pid \(life.pid)); the end of its start had not been seen",
            bead: launch.hook, pid: life.pid, restarts: record.restarts,
            reason: "found alive after a start whose end was not seen"))
        plan.unannounced.append(.of(agent, hook: launch.hook, at: launch.at))
      } else if let former = record.life ?? record.death?.life, former.boot == snapshot.boot {
        plan.events.append(
          TownEvent(
            .agentStarted, agent: agent,
            message: "\(agent.address) is up as pid \(life.pid), after pid \(former.pid); somebody else started it",
            pid: life.pid, restarts: record.restarts, reason: "started by somebody else"))
      }
      record.life = life
      record.since = snapshot.time
      record.death = nil
      record.launch = nil
      record.grave = nil
      record.toldNotReady = false
      record.toldRefusal = nil
      record.shutdown = nil
    }
    record.worker = place.workers.first?.pid
    record.backoff.noteAlive(at: snapshot.time, policy: policy.restart)
  }

  /// What is done about an agent that does not run.
  private func answer(
    _ need: WorkRule.Need, to observation: AgentObservation, at time: Timestamp, record: inout AgentRecord,
    plan: inout Plan
  ) {
    let agent = observation.agent
    switch need {
    case .unknown(let reason):
      plan.findings.append(finding(agent, .unknown, reason))
      if record.death != nil { plan.look(at: time + TownRules.retry) }
    case .rest(_, let reason):
      DeathRule.close(&record, of: agent, because: reason, plan: &plan)
      plan.findings.append(finding(agent, .leave, reason))
    case .wait(let until, let reason):
      plan.findings.append(finding(agent, .wait, reason, until: until))
      plan.look(at: until)
    case .run(let hook):
      launch(observation, hook: hook, at: time, record: &record, plan: &plan)
    }
  }

  private func launch(
    _ observation: AgentObservation, hook: String?, at time: Timestamp, record: inout AgentRecord, plan: inout Plan
  ) {
    let agent = observation.agent
    if let obstacle = obstacle(to: observation) {
      plan.findings.append(finding(agent, .stuck, obstacle))
      refuse(agent, hook: hook, because: obstacle, record: &record, plan: &plan)
      // Whoever is in the way may go at any time.
      plan.look(at: time + TownRules.retry)
      return
    }
    if let next = record.backoff.nextAttempt(policy: policy.restart), next > time,
      next - time <= policy.restart.max
    {
      let attempts = record.backoff.attempts
      plan.findings.append(finding(agent, .wait, "backing off after \(attempts) attempts in a row", until: next))
      plan.look(at: next)
      return
    }
    let isRestart = record.death != nil
    let reason = reason(for: observation, hook: hook, record: record)
    plan.findings.append(finding(agent, isRestart ? .restart : .start, reason))
    plan.launches.append(
      LaunchOrder(
        agent: agent, rule: WorkRule.rule(for: agent), isRestart: isRestart, hook: hook,
        place: observation.liveness.place,
        reason: reason))
  }

  /// Why an agent that ought to run cannot be started now, by this daemon.
  private func obstacle(to observation: AgentObservation) -> String? {
    if !observation.hasDirectory { return "its directory \(observation.agent.directory)/ is missing" }
    if case .deadShell(let shell) = observation.liveness {
      if shell.isAttached { return "its pane holds a bare shell that a person is looking at" }
      if !shell.belongsHere { return "its session holds a shell that is not this agent's: \(shell.place.serverName)" }
    }
    return nil
  }

  /// Says once, of one piece of work, that its agent cannot be started.
  private func refuse(
    _ agent: AgentIdentity, hook: String?, because reason: String, record: inout AgentRecord, plan: inout Plan
  ) {
    let work = hook ?? ""
    guard record.toldRefusal != work else { return }
    record.toldRefusal = work
    plan.events.append(
      TownEvent(
        .restartFailed, agent: agent, message: "\(agent.address) cannot be started: \(reason)", bead: hook,
        restarts: record.restarts, reason: reason))
    plan.notices.append(.cannotStart(agent, hook: hook, reason: reason))
  }

  private func reason(for observation: AgentObservation, hook: String?, record: AgentRecord) -> String {
    let work = hook.map { ", with \(displayable($0)) on its hook" } ?? ""
    guard let death = record.death else { return "it has not lived since boot\(work)" }
    return "it \(death.cause?.description ?? "died of an unknown cause")\(work)"
  }

  /// The Deacon first, then the Witnesses, then the rest; starts, unlike restarts, one after the other.
  private func stagger(_ plan: inout Plan) {
    func rank(_ order: LaunchOrder) -> Int {
      switch order.agent.role {
      case .deacon: 0
      case .witness: 1
      case .mayor, .refinery, .crew, .polecat: 2
      }
    }
    plan.launches.sort { (rank($0), $0.agent) < (rank($1), $1.agent) }
    var starts = 0
    for index in plan.launches.indices where !plan.launches[index].isRestart {
      plan.launches[index].delay = policy.restart.stagger * starts
      starts += 1
    }
  }

  private func finding(
    _ agent: AgentIdentity, _ decision: Finding.Decision, _ reason: String, until: Timestamp? = nil
  ) -> Finding {
    Finding(
      subject: agent.address, session: agent.session, rule: WorkRule.rule(for: agent), decision: decision,
      reason: reason, until: until)
  }
}

extension Liveness {
  /// Where a new process for the agent goes.
  package var place: LaunchOrder.Place {
    switch self {
    // Also on another server than our own: there must never be two sessions of one agent.
    case .dead(let corpse) where corpse.place.isOwnServer || corpse.place.isMarked:
      .deadPane(server: corpse.server, pane: corpse.pane)
    case .deadShell(let shell): .bareShell(shell.life)
    case .dead, .absent, .alive, .unknown: .newSession
    }
  }
}

extension PendingSpawn {
  /// The entry of an agent that the daemon itself has started.
  package static func of(_ agent: AgentIdentity, hook: String?, at time: Timestamp) -> PendingSpawn {
    PendingSpawn(
      rig: agent.rig ?? "", polecat: agent.name ?? agent.role.rawValue, session: agent.session, issue: hook,
      spawnedAt: time)
  }
}
