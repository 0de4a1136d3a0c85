// SPDX-License-Identifier: Apache-2.0

import Town

/// What people want of single agents.
extension SupervisionState {
  /// Begins to carry out commands on what was just seen.
  mutating func carryOut(
    _ commands: [CommandDesk.Command], snapshot: TownSnapshot, given circumstances: TurnCircumstances,
    plan: inout Plan, orders: inout [LaunchOrder]
  ) {
    for one in commands {
      let (command, ticket) = (one.command, one.ticket)
      guard one.isBegun || !circumstances.abandoned.contains(ticket) else {
        let text = "the \(command.verb.rawValue) of \(command.agent.address) was not begun"
        journal.info("\(text), as \(displayable(command.who)) gave up waiting for it")
        answer(ticket, throwing: CommandRefusal(text))
        continue
      }
      guard let observation = snapshot.agents.first(where: { $0.agent == command.agent }) else {
        let reason = snapshot.registryFailure ?? "no such agent in this town"
        answer(ticket, throwing: CommandRefusal("\(command.agent.address): \(reason)"))
        continue
      }
      let session = command.agent.session
      // Nothing is done to the agent, so nothing can be in the way.
      if command.verb == .reset {
        reset(command, ticket, at: snapshot.time, plan: &plan)
        continue
      }
      if jobs.busy.contains(session) || self.commands.isStarting(session)
        || orders.contains(where: { $0.agent == command.agent })
      {
        // It waits for what is under way, whose end is the next turn's cause. A stop is written down already: it is begun.
        self.commands.postpone(
          CommandDesk.Command(command: command, ticket: ticket, isBegun: one.isBegun || command.verb == .stop))
        continue
      }
      switch command.verb {
      case .start: start(command, ticket, observation, plan: &plan, orders: &orders)
      case .stop: stop(command, ticket, observation, failure: circumstances.unwrittenStops[ticket], plan: &plan)
      case .restart: restart(command, ticket, observation, in: snapshot, plan: &plan)
      case .reset: break
      }
    }
  }

  private mutating func start(
    _ command: PersonCommand, _ ticket: Int, _ observation: AgentObservation, plan: inout Plan,
    orders: inout [LaunchOrder]
  ) {
    let agent = command.agent
    do {
      var isStopped = false
      if case .known(let hold?) = observation.hold {
        guard hold.kind == .stop else {
          throw CommandRefusal("\(agent.address) is \(hold.summary); \(hold.wayOut(for: agent))")
        }
        isStopped = true
      }
      switch plan.ledger[agent].doubting(observation.liveness) {
      case .alive(let life, let place) where !place.isMarked && place.objection != nil:
        throw CommandRefusal(
          "\(agent.address) is not started: in \(agent.session) runs pid \(life.pid), of which \(place.objection ?? ""); "
            + "\(SessionCheck.makingRoom(for: agent))")
      case .alive(let life, _):
        let outcome = CommandOutcome(
          text: "\(agent.address) is running already (pid \(life.pid))", changed: false, pid: life.pid)
        if isStopped {
          commands.lift(agent, answering: ticket, with: outcome)
        } else {
          answer(ticket, returning: outcome)
        }
        return
      case .unknown(let reason):
        throw CommandRefusal("\(agent.address) is not started, for it may be running: \(reason)")
      case .deadShell(let shell) where shell.isAttached:
        throw CommandRefusal("a person is looking at the shell in \(agent.session); leave it first")
      case .deadShell(let shell) where !shell.belongsHere:
        throw CommandRefusal("\(agent.session) holds a shell that is not this agent's; end that first")
      case .dead, .deadShell, .absent:
        if isStopped { commands.lift(agent) }
      }
    } catch {
      answer(ticket, throwing: CommandRefusal("\(error)"))
      return
    }
    plan.ledger[agent].shutdown = nil
    overrule(plan.ledger[agent].lifecycle, by: command, plan: &plan)
    commands.noteStart(of: agent.session, for: ticket)
    orders.append(
      order(
        for: command, in: observation.liveness, hook: observation.bead.value.flatMap { $0?.hookBead }))
    plan.replaceFinding(of: agent.session, by: .start, reason: "started by \(displayable(command.who))")
  }

  /// A person's decision is written down before anything is ended, so that no death of it is a crash.
  private mutating func stop(
    _ command: PersonCommand, _ ticket: Int, _ observation: AgentObservation, failure: String?, plan: inout Plan
  ) {
    if let failure {
      answer(
        ticket, throwing: CommandRefusal("the decision cannot be written down, so nothing is ended: \(failure)"))
      return
    }
    overrule(plan.ledger[command.agent].lifecycle, by: command, plan: &plan)
    let liveness = plan.ledger[command.agent].doubting(observation.liveness)
    commands.noteEnd(by: start(.end(command, liveness, clearing: leftovers(of: command.agent))), for: ticket)
  }

  /// Nothing is ended for a restart whose start would be refused.
  private mutating func restart(
    _ command: PersonCommand, _ ticket: Int, _ observation: AgentObservation, in snapshot: TownSnapshot,
    plan: inout Plan
  ) {
    let agent = command.agent
    var stop: Hold?
    do {
      if let reason = snapshot.doubt(about: observation) {
        throw CommandRefusal("\(agent.address) is left alone, for it could not be started again: \(reason)")
      }
      switch observation.hold {
      case .known(nil): break
      case .known(let hold?) where hold.kind == .stop: stop = hold
      case .known(let hold?): throw CommandRefusal("\(agent.address) is \(hold.summary); \(hold.wayOut(for: agent))")
      case .unknown(let reason):
        throw CommandRefusal("\(agent.address) is left alone, for whether it is held is not known: \(reason)")
      }
      if case .alive(let life, let place) = plan.ledger[agent].doubting(observation.liveness), !place.isMarked,
        let objection = place.objection
      {
        throw CommandRefusal(
          "\(agent.address) is left alone: in \(agent.session) runs pid \(life.pid), of which \(objection); "
            + "\(SessionCheck.makingRoom(for: agent))")
      }
      if let objection = observation.objectionToDirectory {
        throw CommandRefusal("\(agent.address) is left alone, for \(objection)")
      }
      if let missing = snapshot.missingCommands[agent.role] {
        throw CommandRefusal(
          "\(agent.address) is left alone, for its command is missing: no program \(displayable(missing)) on PATH")
      }
    } catch {
      answer(ticket, throwing: CommandRefusal("\(error)"))
      return
    }
    plan.ledger[agent].shutdown = nil
    overrule(plan.ledger[agent].lifecycle, by: command, plan: &plan)
    // Written down before anything is ended: the start that follows is not forgotten.
    plan.ledger[agent].lifecycle = LifecycleIntent(
      action: .restart, mail: nil, who: command.who, why: command.why, at: snapshot.time,
      life: observation.liveness.life, hook: observation.bead.value.flatMap { $0?.hookBead }, step: .ending,
      lifts: stop)
    commands.noteStart(of: agent.session, for: ticket)
  }

  /// Begins its restarts anew, as if it had never died; the next turn decides on that.
  private mutating func reset(_ command: PersonCommand, _ ticket: Int, at time: Timestamp, plan: inout Plan) {
    let agent = command.agent
    let former = plan.ledger[agent].restartPolicy
    let parking = plan.ledger.reset(agent)
    guard former != RestartPolicy() else {
      answer(ticket, returning: CommandOutcome(text: "\(agent.address) has nothing to reset", changed: false))
      return
    }
    let reason = "reset by \(displayable(command.who))" + (command.why.map { ": \(displayable($0))" } ?? "")
    if let parking {
      plan.tellCleared(parking, of: agent, because: reason)
    } else {
      plan.events.append(
        TownEvent(
          .agentCleared, agent: agent, message: "\(agent.address) waits no longer: \(reason)",
          restarts: plan.ledger[agent].restarts, reason: reason))
    }
    // An end without an error is not waited for either.
    plan.ledger[agent].death?.isCounted = true
    plan.look(at: time)
    let words = parking.map { "no longer parked (\($0.words))" } ?? "free of its back-off"
    let hasDied = parking.map { $0.reason != .noCommand } ?? false
    let cause =
      hasDied
      ? "; if the cause lasts, it will be parked again; its crash report: gt session crash \(agent.address)" : ""
    answer(ticket, returning: CommandOutcome(text: "\(agent.address) is \(words)\(cause)", changed: true))
  }

  /// The agent's old process has ended, or could not be.
  mutating func finishEnding(_ command: PersonCommand, _ ticket: Int, _ outcome: EndOutcome, plan: inout Plan) {
    let agent = command.agent
    switch outcome {
    case .failed(let reason):
      answer(ticket, throwing: CommandRefusal("\(agent.address) could not be stopped: \(reason); \(Self.stopRemains)"))
    case .ended(let how):
      let why = command.why.map { ": \(displayable($0))" } ?? ""
      let reason = "stopped by \(displayable(command.who))\(why)"
      noteEnd(of: agent, reason: reason, how: how, plan: &plan)
      if let parking = plan.ledger.reset(agent) { plan.tellCleared(parking, of: agent, because: reason) }
      answer(
        ticket,
        returning: CommandOutcome(
          text: "\(agent.address) is stopped: \(how)", changed: !how.hasPrefix("it was not running")))
    }
  }

  /// What is true after a stop that has ended nothing: the decision was written down before.
  static let stopRemains =
    "the stop is written down, so it is not started again once it ends; gt session start takes it back"

  /// A stop was taken back, now that the start is written down; or could not be. Then the start finds the hold, and
  /// reports it.
  mutating func noteLifted(_ lift: CommandDesk.Lift, failure: String?) {
    if let failure { journal.error("the stop of \(lift.agent.address) could not be taken back: \(failure)") }
    guard let (ticket, outcome) = lift.answer else { return }
    if let failure {
      answer(ticket, throwing: CommandRefusal("\(outcome.text), and its stop could not be taken back: \(failure)"))
    } else {
      answer(ticket, returning: outcome)
    }
  }

  /// Leaves stops as they are, as the start could not be written down.
  mutating func refuseLifts(because failure: String) {
    for lift in commands.takeLifts() {
      guard let (ticket, outcome) = lift.answer else { continue }
      answer(ticket, throwing: CommandRefusal("\(outcome.text), and is still stopped, for \(Self.unwritten(failure))"))
    }
  }

  /// Takes note that an agent was ended on purpose, so that no rule takes that for a crash.
  mutating func noteEnd(of agent: AgentIdentity, reason: String, how: String, plan: inout Plan) {
    let lived = plan.ledger[agent].life ?? plan.ledger[agent].death?.life
    let pid = plan.ledger[agent].worker ?? lived?.pid
    // Its pane may remain, beside those of a person.
    plan.ledger[agent].noteEnd(of: lived)
    plan.events.append(
      TownEvent(
        .agentStopped, agent: agent, message: "\(agent.address) was \(reason); \(how)", pid: pid, reason: reason))
  }

  /// Answers the command whose restart comes to nothing, if it is still waited for.
  mutating func answerRestart(of agent: AgentIdentity, throwing reason: String) {
    answerRestart(session: agent.session, with: .failure(CommandRefusal(reason)))
  }

  mutating func answerRestart(of agent: AgentIdentity, returning text: String, pid: Int32?) {
    answerRestart(session: agent.session, with: .success(CommandOutcome(text: text, changed: true, pid: pid)))
  }

  mutating func answerRestart(session: String, with result: Result<CommandOutcome, CommandRefusal>) {
    guard let ticket = commands.takeStart(of: session) else { return }
    directives.answers.append((ticket, result))
  }

  /// Answers the command that asked for a start.
  mutating func answerStart(_ order: LaunchOrder, _ outcome: LaunchRule.Outcome) {
    guard let ticket = commands.takeStart(of: order.agent.session) else { return }
    switch outcome {
    case .launched(let life, let warnings):
      let caution = warnings.isEmpty ? "" : " (\(warnings.joined(separator: "; ")))"
      answer(
        ticket,
        returning: CommandOutcome(
          text: "\(order.agent.address) is \(order.isOfRestart ? "restarted" : "started") (pid \(life.pid))\(caution)",
          changed: true, pid: life.pid))
    case .ended(let ending):
      answer(
        ticket,
        throwing: CommandRefusal(
          "\(order.agent.address) is not started: \(ending.reason); its crash reports: "
            + "gt session crashes \(order.agent.address)"))
    case .declined(let reason), .failed(let reason), .uncertain(let reason):
      answer(ticket, throwing: CommandRefusal("\(order.agent.address) is not started: \(reason)"))
    }
  }

  private func order(for command: PersonCommand, in liveness: Liveness, hook: String?) -> LaunchOrder {
    let why = command.why.map { ": \(displayable($0))" } ?? ""
    return LaunchOrder(
      agent: command.agent, rule: .command, isRestart: false, hook: hook, place: liveness.place,
      reason: "\(command.verb.rawValue) by \(displayable(command.who))\(why)")
  }

  /// Keeps an answer until what it tells of is recorded.
  private mutating func answer(_ ticket: Int, returning outcome: CommandOutcome) {
    directives.answers.append((ticket, .success(outcome)))
  }

  private mutating func answer(_ ticket: Int, throwing refusal: CommandRefusal) {
    directives.answers.append((ticket, .failure(refusal)))
  }
}

extension LaunchOrder {
  /// Whether a person has asked for a restart, of which this is the second half.
  fileprivate var isOfRestart: Bool { reason.hasPrefix("\(PersonCommand.Verb.restart.rawValue) ") }
}
