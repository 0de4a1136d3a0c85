// SPDX-License-Identifier: Apache-2.0

import Town

/// Ends that have been decided, step by step: see ``LifecycleIntent``.
extension SupervisionState {
  /// One step for one agent that takes longer than a turn.
  struct IntentStep: Sendable {
    var agent: AgentIdentity
    var intent: LifecycleIntent
    var act: Act

    enum Act: Sendable {
      case deleteMail(String)
      case end(Liveness)
    }
  }

  /// Takes the next step for each agent whose end has been decided, also by an earlier supervisor.
  mutating func advanceIntents(_ snapshot: TownSnapshot, plan: inout Plan, orders: inout [LaunchOrder]) -> [IntentStep]
  {
    var steps: [IntentStep] = []
    for observation in snapshot.agents {
      let agent = observation.agent
      guard let intent = plan.ledger[agent].lifecycle, isOurs(agent), !jobs.busy.contains(agent.session) else {
        continue
      }
      if failedEnds.remove(agent.session) != nil, intent.step != .ended, observation.liveness.life == intent.life {
        // It lives, and the person knows.
        plan.ledger[agent].lifecycle = nil
        continue
      }
      if let until = requestPauses[agent.session], until > snapshot.time,
        until - snapshot.time <= max(TownRules.retry, rules.policy.heartbeat.active)
      {
        plan.look(at: until)
        continue
      }
      requestPauses[agent.session] = nil
      let next = IntentRule.next(
        intent, agent: agent, liveness: observation.liveness, at: snapshot.time, policy: rules.policy)
      switch next {
      case .deleteMail(let id): steps.append(IntentStep(agent: agent, intent: intent, act: .deleteMail(id)))
      case .end where intent.action.startsAgain && snapshot.missingCommands[agent.role] != nil:
        let missing = displayable(snapshot.missingCommands[agent.role] ?? "")
        wait(
          intent, of: agent, because: "its command is missing: no program \(missing) on PATH", at: snapshot.time,
          plan: &plan)
      case .end(let liveness): steps.append(IntentStep(agent: agent, intent: intent, act: .end(liveness)))
      case .start:
        if case .known(let hold?) = observation.hold {
          guard intent.lifts(hold) else {
            giveUpStart(intent, of: agent, because: hold.summary, plan: &plan)
            continue
          }
          commands.lift(agent)
        }
        guard case .start(let place) = next else { continue }
        orders.append(order(for: intent, agent: agent, place: place, observation: observation))
      case .finish: finish(intent, of: agent, observation: observation, at: snapshot.time, plan: &plan)
      case .wait(let reason): wait(intent, of: agent, because: reason, at: snapshot.time, plan: &plan)
      case .abandon(let reason): abandon(intent, of: agent, because: reason, plan: &plan)
      }
    }
    dropStrangers(snapshot, plan: &plan)
    return steps
  }

  mutating func start(_ step: IntentStep) {
    switch step.act {
    case .deleteMail(let id): start(.claimRequest(step.agent, mail: id))
    case .end(let liveness):
      let former = ledger[step.agent].withdrawn?.all ?? []
      start(.endForRequest(step.agent, step.intent, liveness, withdrawing: former))
    }
  }

  /// Gives up steps that could not be written down. An agent's own request is tried again; a person is told.
  mutating func withdraw(_ steps: [IntentStep], from plan: inout Plan) {
    for step in steps where step.intent.isPersons {
      plan.ledger[step.agent].lifecycle = nil
      answerRestart(
        of: step.agent,
        throwing: "the decision cannot be written down, so \(step.agent.address) is not ended: \(saveFailure ?? "")")
    }
  }

  /// The request's message is out of the inbox, or could not be taken out.
  mutating func noteClaimed(_ agent: AgentIdentity, failure: String?, at time: Timestamp, plan: inout Plan) {
    guard var intent = plan.ledger[agent].lifecycle, intent.step == .claimed else { return }
    if let failure {
      pause(
        agent, at: time, "the request of \(agent.address) waits, for its message cannot be deleted: \(failure)",
        plan: &plan)
      return
    }
    intent.step = .ending
    plan.ledger[agent].lifecycle = intent
  }

  /// The agent's process has ended, or could not be.
  mutating func noteEnded(
    _ agent: AgentIdentity, _ outcome: EndOutcome, left: [Withdrawal], at time: Timestamp, plan: inout Plan
  ) {
    guard var intent = plan.ledger[agent].lifecycle, intent.step != .ended else { return }
    switch outcome {
    case .failed(let reason) where intent.isPersons:
      // Part of it may have been done: the next look tells whether it has ended after all.
      failedEnds.insert(agent.session)
      answerRestart(of: agent, throwing: "\(agent.address) could not be stopped: \(reason)")
    case .failed(let reason):
      pause(agent, at: time, "\(agent.address) could not be ended for its request: \(reason)", plan: &plan)
    case .ended(let how):
      let reason = intent.isPersons ? "ended to be restarted by \(intent.whoAndWhy)" : "ended on its own request"
      noteEnd(of: agent, reason: reason, how: how, plan: &plan)
      if intent.isPersons, let parking = plan.ledger.reset(agent) {
        plan.tellCleared(parking, of: agent, because: reason)
      }
      // Written down with the step: what could not be taken back is tried again when the request is done.
      for withdrawal in left { plan.ledger[agent].withdraw(withdrawal) }
      intent.step = .ended
      plan.ledger[agent].lifecycle = intent
    }
  }

  /// The agent that was to be started again is up, or is not.
  mutating func finishIntent(_ order: LaunchOrder, _ outcome: LaunchRule.Outcome, at time: Timestamp, plan: inout Plan)
  {
    let agent = order.agent
    guard let intent = plan.ledger[agent].lifecycle, intent.step == .ended else { return }
    switch outcome {
    // The next look tells.
    case .uncertain: return
    case .launched(let life, _):
      execute(intent, of: agent, "is started again as pid \(life.pid)", pid: life.pid, plan: &plan)
    case .ended(let ending):
      execute(
        intent, of: agent, "is ended, and ended again when it was started: \(ending.reason)", pid: nil, plan: &plan)
    case .declined(let reason), .failed(let reason):
      let isLeft = !intent.isPersons && WorkRule.rule(for: agent) == .observed
      if isLeft, time - intent.at < rules.policy.lifecycleAge {
        // No other rule would start it.
        pause(
          agent, at: time, for: rules.policy.heartbeat.active,
          "\(agent.address) is ended, and cannot be started again yet: \(reason)", plan: &plan)
        return
      }
      execute(intent, of: agent, "is ended, and not started again: \(reason)", pid: nil, plan: &plan)
    }
    plan.ledger[agent].lifecycle = nil
  }

  /// A person's command takes the place of what is waiting.
  mutating func overrule(_ intent: LifecycleIntent?, by command: PersonCommand, plan: inout Plan) {
    requestPauses[command.agent.session] = nil
    failedEnds.remove(command.agent.session)
    guard let intent else { return }
    abandon(
      intent, of: command.agent,
      because: "\(displayable(command.who)) has decided otherwise (\(command.verb.rawValue))",
      plan: &plan)
  }
}

extension SupervisionState {
  /// Whether it is this supervisor's to go on with: where only commands are carried out, only its own.
  private func isOurs(_ agent: AgentIdentity) -> Bool { mode == .town || commands.isStarting(agent.session) }

  private func order(
    for intent: LifecycleIntent, agent: AgentIdentity, place: LaunchOrder.Place, observation: AgentObservation
  ) -> LaunchOrder {
    LaunchOrder(
      agent: agent, rule: intent.isPersons ? .command : .lifecycle, isRestart: false,
      hook: observation.bead.value.flatMap { $0?.hookBead }, place: place,
      reason: "\(intent.action.rawValue) \(intent.isPersons ? "by \(intent.whoAndWhy)" : "on its own request")")
  }

  private mutating func finish(
    _ intent: LifecycleIntent, of agent: AgentIdentity, observation: AgentObservation, at time: Timestamp,
    plan: inout Plan
  ) {
    plan.ledger[agent].lifecycle = nil
    if case .known(let hold?) = observation.hold, intent.lifts(hold) { commands.lift(agent) }
    if intent.action.startsAgain {
      let pid = observation.liveness.life?.pid
      execute(intent, of: agent, "runs", pid: pid, plan: &plan)
      answerRestart(of: agent, returning: "\(agent.address) runs", pid: pid)
    } else {
      plan.ledger[agent].shutdown = Shutdown(at: time, hook: intent.hook)
      // While it was being ended it may have been given other work.
      plan.wantsBeads = true
      execute(intent, of: agent, "is shut down", pid: nil, plan: &plan)
    }
    // What is true of it now is for the rules to say, at once.
    plan.look(at: time)
  }

  /// It is ended, and a decision that came in between keeps it down.
  private mutating func giveUpStart(
    _ intent: LifecycleIntent, of agent: AgentIdentity, because reason: String, plan: inout Plan
  ) {
    plan.ledger[agent].lifecycle = nil
    execute(intent, of: agent, "is ended, and not started again: \(reason)", pid: nil, plan: &plan)
    answerRestart(of: agent, throwing: "\(agent.address) is ended, and not started again: \(reason)")
  }

  private mutating func execute(
    _ intent: LifecycleIntent, of agent: AgentIdentity, _ what: String, pid: Int32?, plan: inout Plan
  ) {
    complaints.clear(.request(agent.session))
    guard !intent.isPersons else { return }
    requestCounts.executed += 1
    plan.events.append(
      TownEvent(
        .lifecycleExecuted, agent: agent,
        message: "\(agent.address) \(what), on its own request (\(intent.action.rawValue))",
        bead: intent.mail, pid: pid, reason: "\(intent.action.rawValue), asked for by \(displayable(intent.who))"))
  }

  private mutating func wait(
    _ intent: LifecycleIntent, of agent: AgentIdentity, because reason: String, at time: Timestamp, plan: inout Plan
  ) {
    if intent.isPersons, commands.isStarting(agent.session), intent.step == .ending {
      plan.ledger[agent].lifecycle = nil
      answerRestart(of: agent, throwing: "\(agent.address) is left alone: \(reason)")
      return
    }
    answerRestart(
      of: agent, throwing: "\(agent.address) is ended, and is started as soon as that can be done: \(reason)")
    pause(agent, at: time, "what was asked for \(agent.address) waits: \(reason)", plan: &plan)
  }

  private mutating func abandon(
    _ intent: LifecycleIntent, of agent: AgentIdentity, because reason: String, plan: inout Plan
  ) {
    plan.ledger[agent].lifecycle = nil
    guard !intent.isPersons else { return }
    plan.ledger[agent].withdraw(intent.withdrawal)
    requestCounts.refused += 1
    plan.events.append(
      TownEvent(
        .lifecycleRefused, agent: agent,
        message: "the \(intent.action.rawValue) of \(agent.address) is given up: \(reason)",
        bead: intent.mail, reason: reason))
  }

  mutating func pause(
    _ agent: AgentIdentity, at time: Timestamp, for duration: Duration = TownRules.retry, _ text: String,
    plan: inout Plan
  ) {
    plan.look(at: time + duration)
    requestPauses[agent.session] = time + duration
    tellWaiting(agent.session, text)
  }

  /// An agent that was removed meanwhile has nothing left to wait for.
  private mutating func dropStrangers(_ snapshot: TownSnapshot, plan: inout Plan) {
    guard snapshot.registryFailure == nil, snapshot.unreadableRigs.isEmpty else { return }
    let known = Set(snapshot.agents.map(\.agent.session))
    for session in plan.ledger.sessionsWithIntents.subtracting(known)
    where mode == .town || commands.isStarting(session) {
      answerRestart(session: session, with: .failure(CommandRefusal("\(session) is no agent of this town any more")))
      plan.ledger.agents[session]?.lifecycle = nil
      journal.warning("what was asked for in \(session) is given up: it is no agent of this town any more")
    }
  }
}
