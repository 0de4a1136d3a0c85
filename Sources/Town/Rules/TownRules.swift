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
  ///   - confirmed: sessions whose beads have just been read afresh.
  package func decide(
    _ snapshot: TownSnapshot, ledger: Ledger, busy: Set<String>, look: Look = .event, confirmed: Set<String> = []
  ) -> Plan {
    var plan = Plan(ledger: ledger)
    for observation in snapshot.agents {
      if busy.contains(observation.agent.session) {
        plan.findings.append(finding(observation.agent, .underway, "a job for it is under way"))
        continue
      }
      decide(
        observation, in: snapshot, isConfirmed: confirmed.contains(observation.agent.session), plan: &plan)
    }
    if look != .event { attendWork(snapshot, look: look, plan: &plan) }
    for stranger in snapshot.strangers {
      plan.findings.append(
        Finding(
          subject: "\(stranger.rig)/\(displayable(stranger.name))", session: displayable(stranger.session),
          rule: .sessionHealth, decision: .unknown, reason: stranger.reason))
    }
    // Whoever is not listed may have died.
    if snapshot.registryFailure != nil || !snapshot.unreadableRigs.isEmpty {
      plan.look(at: snapshot.time + TownRules.retry)
    }
    let objection = HostRule.objection(snapshot.host, policy: policy)
    HostRule.tell(objection, holdsBack: plan.heldBack, plan: &plan)
    MassDeathRule.judge(snapshot, lived: ledger.lives.count, policy: policy, plan: &plan)
    pace(&plan, at: snapshot.time, busy: busy)
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

  private func decide(
    _ observation: AgentObservation, in snapshot: TownSnapshot, isConfirmed: Bool, plan: inout Plan
  ) {
    let agent = observation.agent
    var record = plan.ledger[agent]
    defer { plan.ledger[agent] = record }
    if case .known(let bead?) = observation.bead, bead.hookBead == nil { record.shutdown?.hook = nil }
    let need = WorkRule.need(
      of: observation, shutdown: record.shutdown, at: snapshot.time, steps: plan.ledger.clockSteps, policy: policy)
    // New work on its hook, or it could not want to run.
    if case .run = need { record.shutdown = nil }
    noteSilence(about: observation, need: need, in: snapshot, record: &record, plan: &plan)

    switch observation.liveness {
    case .unknown(let reason):
      plan.findings.append(finding(agent, .unknown, reason))
      // It may have died, or may not have lived since boot: that must not wait for the heartbeat.
      let isWanted = if case .run = need { true } else { false }
      if isWanted || record.death != nil || record.life != nil { plan.look(at: snapshot.time + TownRules.retry) }
      if case .wait(let until, _) = need { plan.look(at: until) }
      return
    case .alive(let life, var place):
      let isBeside = record.isBeside(life, place: place)
      if isBeside { place.objection = AgentRecord.besideIt }
      // Killed between the start and its end: the attempt in the ledger, and what was seen of the process, say whose it is.
      if record.launch != nil, place.claimsToBeOurs, place.objection == nil {
        place.isMarked = true
        place.claimsToBeOurs = false
      }
      var reason = "pid \(observation.liveness.agentPID ?? life.pid)"
      var standing: Finding?
      if observation.isFrozen == true { reason += ", frozen" }
      if !place.isOwnServer { reason += ", on the tmux server \(displayable(place.serverName))" }
      if let rest = place.settlesIn {
        // Not counted yet: its end may only be the end of a shell's start.
        plan.look(at: snapshot.time + rest)
      } else {
        // What cannot be told to be the agent must not be taken for its life either.
        if place.isMarked || place.objection == nil {
          noteLife(life, place: place, of: observation, in: snapshot, record: &record, plan: &plan)
          FreezeRule.note(observation, life: life, at: snapshot.time, record: &record, plan: &plan)
        } else if record.life != life {
          DeathRule.noteUnseen(
            observation, need: need, snapshot: snapshot, policy: policy, record: &record, plan: &plan)
        }
        if isBeside, case .run(let hook) = need {
          let obstacle = "its own pane is gone, and another pane of its session is in the way (pid \(life.pid))"
          refuse(agent, hook: hook, because: obstacle, record: &record, plan: &plan)
          standing = finding(agent, .stuck, obstacle)
          plan.look(at: snapshot.time + TownRules.retry)
        }
        let objection = AdoptionRule.judge(
          life, place: place, of: agent, at: snapshot.time, record: &record, plan: &plan)
        if let objection { reason += "; not adopted: \(objection)" }
      }
      plan.findings.append(standing ?? finding(agent, .alive, reason))
      return
    case .deadShell(let shell) where shell.place.settlesIn != nil:
      let until = snapshot.time + (shell.place.settlesIn ?? .zero)
      plan.findings.append(finding(agent, .wait, "a shell has just been opened in its session", until: until))
      plan.look(at: until)
      return
    case .dead, .deadShell, .absent:
      record.adoption = nil
    }

    // A life that was long enough counts although nobody looked while it lasted.
    noteLasting(of: agent, at: snapshot.time, record: &record, plan: &plan)
    DeathRule.note(observation, need: need, snapshot: snapshot, policy: policy, record: &record, plan: &plan)
    answer(need, to: observation, in: snapshot, isConfirmed: isConfirmed, record: &record, plan: &plan)
  }

  /// Records the living agents, and launches of ours whose end was not seen.
  private func noteLife(
    _ life: ProcessLife, place: Liveness.Place, of observation: AgentObservation, in snapshot: TownSnapshot,
    record: inout AgentRecord, plan: inout Plan
  ) {
    let agent = observation.agent
    if record.life != life {
      if let launch = record.launch, place.isMarked, !place.isAdopted {
        let kind: EventKind = launch.isRestart ? .agentRestarted : .agentStarted
        if launch.isRestart { record.restarts += 1 }
        plan.events.append(
          TownEvent(
            kind, agent: agent,
            message: "\(agent.address) is up (pid \(life.pid)); its start had not been seen to finish",
            bead: launch.hook, pid: life.pid, restarts: record.restarts,
            reason: "found alive after a start that was not seen to finish"))
        plan.unannounced.append(.of(agent, hook: launch.hook, at: launch.at, policy: policy))
      } else if let former = record.life, former.boot == snapshot.boot {
        plan.events.append(
          TownEvent(
            .agentReplaced, agent: agent,
            message: "\(agent.address) is up as pid \(life.pid): another program has started that in place of pid "
              + "\(former.pid), whose end was not seen",
            pid: life.pid, restarts: record.restarts, reason: "replaced by another program; how it ended is not known"))
      } else if let former = record.death?.life, former.boot == snapshot.boot {
        plan.events.append(
          TownEvent(
            .agentStarted, agent: agent,
            message: "\(agent.address) is up as pid \(life.pid), after pid \(former.pid); another program started it",
            pid: life.pid, restarts: record.restarts, reason: "started by another program"))
      }
      // Its corpse may be seen later, on a server that cannot be reached now.
      if let former = record.life { record.bury(AgentRecord.Grave(of: former)) }
      record.life = life
      record.since = snapshot.time
      record.isResumed = record.launch?.resumes
      record.death = nil
      record.launch = nil
      record.toldNotReady = false
      record.toldRefusal = nil
      record.shutdown = nil
    }
    if case .known(let bead) = observation.bead { record.hook = bead?.hookBead }
    record.worker = place.workers.first?.pid
    noteLasting(of: agent, at: snapshot.time, record: &record, plan: &plan)
    if record.restartPolicy.parking?.reason == .noCommand {
      let missing = snapshot.missingCommands[agent.role]
      note(
        record.restartPolicy.noteCommand(missing: missing, at: snapshot.time), of: agent, hook: nil, record: &record,
        plan: &plan)
    }
    // A trial that lasts clears it then, not only when something else happens.
    if record.restartPolicy.parking != nil, let since = record.since {
      plan.look(at: since + policy.restart.stable)
    }
  }

  /// A life that has lasted, whether or not it was observed, clears the restart history.
  private func noteLasting(
    of agent: AgentIdentity, at time: Timestamp, record: inout AgentRecord, plan: inout Plan
  ) {
    guard let since = record.since, time - since >= policy.restart.stable else { return }
    record.resumeFailed = nil
    note(
      record.restartPolicy.noteLife(since: since, at: time, limits: policy.restart), of: agent, hook: nil,
      record: &record, plan: &plan)
  }

  /// What is done about an agent that does not run.
  private func answer(
    _ need: WorkRule.Need, to observation: AgentObservation, in snapshot: TownSnapshot, isConfirmed: Bool,
    record: inout AgentRecord, plan: inout Plan
  ) {
    let agent = observation.agent
    let time = snapshot.time
    switch need {
    case .unknown(let reason):
      plan.findings.append(finding(agent, .unknown, reason))
      // Beads that could not be read are read again by themselves.
      if record.death != nil || observation.hold.failure != nil { plan.look(at: time + TownRules.retry) }
    case .rest(let why, let reason):
      DeathRule.close(&record, of: agent, because: reason, isStopped: why == .stopped, plan: &plan)
      plan.findings.append(finding(agent, .leave, reason))
    case .wait(let until, let reason):
      plan.findings.append(finding(agent, .wait, reason, until: until))
      plan.look(at: until)
    case .run(let hook):
      launch(
        observation, hook: hook, in: snapshot, isConfirmed: isConfirmed, record: &record, plan: &plan)
    }
  }

  func finding(
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
  package static func of(
    _ agent: AgentIdentity, hook: String?, at time: Timestamp, policy: Policy = Policy()
  ) -> PendingSpawn {
    PendingSpawn(
      rig: agent.rig ?? "", polecat: agent.name ?? agent.role.rawValue, session: agent.session, issue: hook,
      spawnedAt: time, isTold: policy.firstPrompts[agent.role] == nil ? nil : true)
  }
}
