// SPDX-License-Identifier: Apache-2.0

import Town

/// Agents in control groups of their own. No start waits for a group to be made, and no turn for anything of this.
extension SupervisionState {
  /// Reads which agents are frozen, where a rule needs that; and with a heartbeat, which agents were put into another
  /// control group than the known one.
  mutating func noteStanding(in snapshot: inout TownSnapshot, isHeartbeat: Bool, plan: inout Plan) {
    let concerned = frozen.union(pending.map(\.session))
    for index in snapshot.agents.indices {
      let agent = snapshot.agents[index].agent
      // What an earlier look has said need not be so any more.
      snapshot.agents[index].isFrozen = nil
      guard isHeartbeat || concerned.contains(agent.session) else { continue }
      frozen.remove(agent.session)
      guard case .alive(let life, _) = snapshot.agents[index].liveness, let standing = facts.standing(of: life) else {
        continue
      }
      snapshot.agents[index].isFrozen = standing.isFrozen
      if standing.isFrozen { frozen.insert(agent.session) }
      if let scope = plan.ledger[agent].scope, scope.life == life, scope.path != standing.path {
        plan.ledger[agent].scope = nil
      }
    }
  }

  /// Begins what is to be done about the control groups of the agents that this turn has seen.
  mutating func attendScopes(_ snapshot: TownSnapshot, starting: [LaunchOrder]) {
    confinementRetries.keep(Set(snapshot.agents.compactMap(\.liveness.life)))
    let busy = jobs.busy.union(jobs.confining).union(starting.map(\.agent.session))
    let steps = ScopeRule.steps(
      snapshot, ledger: ledger, busy: busy, confines: mode == .town && facts.confines, limits: rules.policy.limits)
    for step in steps {
      switch step {
      case .confine(let agent, let life, let former):
        if confinementRetries.isDue(life, at: uptime) { start(.confine(agent, life, former: former)) }
      case .limit(let agent, let scope):
        if confinementRetries.isDue(scope.life, at: uptime) { start(.limit(agent, scope)) }
      case .sweep(let agent, let remains):
        start(.sweep(agent, remains))
      }
    }
  }

  /// An event with the unit of the agent that it is about, under which it is to be found too.
  func placed(_ event: TownEvent, by ledger: Ledger) -> TownEvent {
    guard let record = event.agent.map({ ledger[$0] }), let scope = record.scope,
      scope.life == record.death?.life ?? record.life
    else { return event }
    var event = event
    event.unit = scope.unit
    return event
  }

  /// What a start has to clear up before: the group of the agent's last life, and what bears the mark of a former one.
  func leftovers(of order: LaunchOrder) -> AgentRemains? {
    let record = ledger[order.agent]
    let marks = Set(record.marks ?? []).subtracting(order.mark.map { [$0] } ?? [])
    guard let scope = record.scope, case .bareShell(let life) = order.place, life == scope.life else {
      return AgentRemains(scope: record.scope, marks: marks)
    }
    return AgentRemains(scope: scope, marks: marks, sparing: life.pid)
  }

  /// What is to be cleared up behind an agent that is ended on purpose.
  func leftovers(of agent: AgentIdentity) -> AgentRemains? {
    // Below a directory that holds others' there are others.
    let home = [.polecat, .crew].contains(agent.role) ? agent.directory : nil
    return AgentRemains(scope: ledger[agent].scope, marks: Set(ledger[agent].marks ?? []), home: home)
  }

  /// Says once that the agents are slowed down for want of memory, and once that it is over. Looked at whenever
  /// something happens; a watchdog asks twice in half a minute.
  mutating func notePressure(at uptime: Duration) {
    guard mode == .town else { return }
    self.uptime = uptime
    let pressure = facts.agentsPressure
    let isHigh = PressureRule.isHigh(pressure, before: isThrottled)
    guard isHigh != isThrottled else { return }
    isThrottled = isHigh
    let event = PressureRule.event(isHigh: isHigh, pressure: pressure)
    var ledger = self.ledger
    let announcements = announce([event], at: bootTime + uptime, ledger: &ledger)
    self.ledger = ledger
    for announcement in announcements { start(.announce(announcement)) }
    journal.record(event)
  }

  mutating func finishConfining(_ agent: AgentIdentity, _ life: ProcessLife, _ reading: Reading<AgentScope>) {
    switch reading {
    case .known(let scope):
      // The counts of a group of its own are its own, and begin with none.
      if ledger[agent].scope?.path != scope.path { directives.regrouped.append(life) }
      ledger[agent].scope = scope
      scopesHaveChanged = true
      confinementRetries.noteSuccess(of: life)
      complaints.clear(.confinement)
    case .unknown(let reason):
      // One that has died meanwhile is the next turn's.
      guard ledger[agent].life == life, facts.isRunning(life) else { return }
      let isConfined = ledger[agent].scope?.life == life
      if !isConfined { ledger[agent].scope = nil }
      let isFirst = confinementRetries.noteFailure(of: life, at: uptime)
      if complaints.isNew(reason, about: .confinement), isFirst {
        journal.warning(
          isConfined
            ? "\(agent.address) goes on with its former limits: \(reason)"
            : "\(agent.address) is not in a control group of its own: \(reason)")
      }
    }
  }

  mutating func finishSweeping(_ agent: AgentIdentity, _ remains: AgentRemains, _ outcome: SweepOutcome) {
    if let scope = remains.scope, ledger[agent].scope == scope {
      ledger[agent].scope = nil
      scopesHaveChanged = true
    }
    if !remains.marks.isEmpty {
      ledger[agent].forget(remains.marks)
      scopesHaveChanged = true
    }
    for line in outcome.lines(leftBy: agent) { journal.append(line) }
  }
}

extension SweepOutcome {
  /// What is said of clearing up behind a dead agent, where there was anything.
  func lines(leftBy agent: AgentIdentity) -> [JournalLines.Line] {
    switch self {
    case .swept(let ended, let left):
      var lines: [JournalLines.Line] = []
      if !ended.isEmpty {
        let what = counted(ended.count, "process", "processes")
        let names =
          ended.prefix(10).map { "pid \($0.pid) (\(displayable($0.command)))" }.joined(separator: ", ")
          + (ended.count > 10 ? ", …" : "")
        lines.append(
          .remark(Remark(agent: agent, message: "\(agent.address) had left \(what) behind, ended now: \(names)")))
      }
      if !left.isEmpty {
        let names = left.prefix(10).map(\.description).joined(separator: "; ") + (left.count > 10 ? "; …" : "")
        lines.append(.warning("of what \(agent.address) has left behind, this is left alone: \(names)"))
      }
      return lines
    case .spared(let reason): return [.warning("what \(agent.address) has left behind is left alone: \(reason)")]
    case .failed(let reason): return [.warning("what \(agent.address) has left behind could not be ended: \(reason)")]
    }
  }
}
