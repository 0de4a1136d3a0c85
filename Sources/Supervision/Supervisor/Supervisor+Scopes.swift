// SPDX-License-Identifier: Apache-2.0

internal import Town

/// Agents in control groups of their own. No start waits for a group to be made, and no turn for anything of this.
extension Supervisor {
  /// How soon an agent that could not be put into a group is tried again.
  private static let confinementRetry: Duration = .seconds(60)

  /// Looks for those who stand still, where somebody may be judged by it, and with a heartbeat for those whom
  /// somebody has put into another group than the one that is known.
  func noteStanding(in snapshot: inout TownSnapshot, isHeartbeat: Bool, plan: inout Plan) {
    let concerned = frozen.union(pending.map(\.session))
    guard isHeartbeat || !concerned.isEmpty || lastLook?.hasStanding == true else { return }
    for index in snapshot.agents.indices {
      let agent = snapshot.agents[index].agent
      // What an earlier look has said need not be so any more.
      if snapshot.agents[index].isFrozen != nil { snapshot.agents[index].isFrozen = nil }
      guard isHeartbeat || concerned.contains(agent.session) else { continue }
      frozen.remove(agent.session)
      guard case .alive(let life, _) = snapshot.agents[index].liveness, let standing = world.standing(of: life) else {
        continue
      }
      snapshot.agents[index].isFrozen = standing.isFrozen
      if standing.isFrozen { frozen.insert(agent.session) }
      if let scope = plan.ledger[agent].scope, scope.life == life, scope.path != standing.path {
        plan.ledger[agent].scope = nil
      }
    }
  }

  /// Begins what is to be done about the groups of those whom this turn has seen.
  func attendScopes(_ sight: Sight, starting: [LaunchOrder]) {
    if limitsMayHaveChanged {
      limitsMayHaveChanged = false
      // Where an agent is in its group already, only the limits are new.
      for (session, record) in ledger.agents where record.scope != nil && record.scope?.life == record.life {
        ledger.agents[session]?.scope = nil
      }
    }
    var snapshot = sight.snapshot
    if sight.sessions == nil {
      let lives = Set(snapshot.agents.compactMap(\.liveness.life))
      unconfined = unconfined.filter { lives.contains($0.key) }
    } else {
      snapshot.agents = snapshot.agents.filter { sight.covers($0.agent) }
    }
    let busy = jobs.busy.union(jobs.confining).union(starting.map(\.agent.session))
    let uptime = world.uptime()
    for step in ScopeRule.steps(snapshot, ledger: ledger, busy: busy, confines: duty == .town && world.confines) {
      switch step {
      case .confine(let agent, let life, let former):
        if let tried = unconfined[life], uptime - tried < Self.confinementRetry { continue }
        startConfining(agent, life, former: former)
      case .sweep(let agent, let scope, let sparing):
        startSweeping(agent, scope, sparing: sparing)
      }
    }
  }

  private func startConfining(_ agent: AgentIdentity, _ life: ProcessLife, former: AgentScope?) {
    let protected = protectedProcesses
    let journal = self.journal
    start(.confine, sessions: [agent.session]) { world, job in
      if let former {
        journal.tell(await world.sweep(former, protecting: protected, sparing: nil), of: former, left: agent)
      }
      return .confined(job: job, agent, life, await world.confine(agent, life: life))
    }
  }

  private func startSweeping(_ agent: AgentIdentity, _ scope: AgentScope, sparing: Int32?) {
    let protected = protectedProcesses
    start(.sweep, sessions: [agent.session]) { world, job in
      .swept(job: job, agent, scope, await world.sweep(scope, protecting: protected, sparing: sparing))
    }
  }

  /// Who lives: no clearing up may hurt one of these, wherever it has come to be.
  var protectedProcesses: Set<Int32> {
    // Who only carries out commands watches nobody.
    let lives = duty == .town ? watches.keys.map(\.pid) : ledger.agents.values.compactMap { $0.life?.pid }
    return Set(lives).union(serverWatches.keys.map(\.pid))
  }

  /// What a start has to clear up before: the group of the agent's last life.
  func leftovers(of order: LaunchOrder) -> (scope: AgentScope, sparing: Int32?)? {
    guard let scope = ledger[order.agent].scope else { return nil }
    if case .bareShell(let life) = order.place, life == scope.life { return (scope, life.pid) }
    return (scope, nil)
  }

  func finishConfining(
    _ job: Int, _ agent: AgentIdentity, _ life: ProcessLife, _ reading: Reading<AgentScope>
  ) {
    jobs.finish(job)
    switch reading {
    case .known(let scope):
      ledger[agent].scope = scope
      scopesHaveChanged = true
      unconfined[life] = nil
      confinementFailure = nil
      // The counts of a group of its own are its own, and begin with none.
      memory[life] = world.memoryEvents(of: life)
    case .unknown(let reason):
      // One that has died meanwhile is the next turn's.
      guard ledger[agent].life == life, world.isRunning(life) else { return }
      if let scope = ledger[agent].scope, scope.life != life { ledger[agent].scope = nil }
      let isFirst = unconfined.updateValue(world.uptime(), forKey: life) == nil
      if isFirst, confinementFailure != reason {
        journal.warning("\(agent.address) is not in a control group of its own: \(reason)")
      }
      confinementFailure = reason
    }
  }

  /// Writes down which groups there are, where no turn does: should the daemon end now, and then an agent, the next
  /// daemon knows what to clear up.
  func keepScopes() {
    guard scopesHaveChanged else { return }
    scopesHaveChanged = false
    // What cannot be written is the next turn's to complain of.
    guard saveFailure == nil, (try? world.save(ledger)) != nil else { return }
    savedLedger = ledger
  }

  func finishSweeping(_ job: Int, _ agent: AgentIdentity, _ scope: AgentScope, _ outcome: SweepOutcome) {
    jobs.finish(job)
    if ledger[agent].scope == scope {
      ledger[agent].scope = nil
      scopesHaveChanged = true
    }
    journal.tell(outcome, of: scope, left: agent)
  }
}

extension EventJournal {
  /// Says what became of clearing up behind a dead agent, where there was anything.
  func tell(_ outcome: SweepOutcome, of scope: AgentScope, left agent: AgentIdentity) {
    switch outcome {
    case .swept(0): break
    case .swept(let count):
      let what = count == 1 ? "1 process" : "\(count) processes"
      remark(Remark(agent: agent, message: "\(agent.address) had left \(what) behind in \(scope.unit), ended now"))
    case .spared(let reason):
      warning("what \(agent.address) has left behind in \(scope.unit) is left alone: \(reason)")
    case .failed(let reason):
      warning("what \(agent.address) has left behind in \(scope.unit) could not be ended: \(reason)")
    }
  }
}
