// SPDX-License-Identifier: Apache-2.0

internal import Town

extension Supervisor {
  /// What a turn takes in before it looks.
  struct Intake {
    var look = TownRules.Look.event
    var isHeartbeat: Bool { look == .heartbeat }
    var commands: [(PersonCommand, CommandTicket)] = []
    /// Agents for which the beads have just been read afresh, with the work that was read.
    var fresh: [String: String?] = [:]
    /// Agents for which they could not be read, and why.
    var unread: [String: String] = [:]
    /// Starts that people have asked for.
    var orders: [LaunchOrder] = []
  }

  /// One pass of observe, decide, record, act.
  func turn(_ events: [SupervisorEvent]) async {
    guard holds(breachByTurn()) else { return }
    turnBegan = world.uptime()
    defer { turnBegan = nil }
    readClock()
    var plan = Plan(ledger: ledger)
    followClock(&plan.ledger)
    var intake = take(events, plan: &plan)
    intake.commands = postponed + intake.commands
    postponed = []
    let waiting = Set(pending.map(\.session))

    var sight = await look(because: events, ledger: plan.ledger)
    sight.snapshot.time = zero + sight.began
    noteStanding(in: &sight.snapshot, isHeartbeat: intake.isHeartbeat, plan: &plan)
    let snapshot = sight.snapshot
    noteBoot(snapshot.boot, ledger: &plan.ledger)
    var closings = intake.isHeartbeat ? attendMail(snapshot, commands: intake.commands.map(\.0), plan: &plan) : []
    // Whose end has been decided is nobody else's to judge, a job for it or none.
    let decided = rules.decide(
      snapshot, ledger: plan.ledger, busy: jobs.busy.union(plan.ledger.sessionsWithIntents), look: intake.look,
      confirmed: Set(intake.fresh.keys))
    if duty == .town { plan.absorb(decided) } else { plan.findings = decided.findings }
    carryOut(intake.commands, snapshot: snapshot, plan: &plan, orders: &intake.orders)
    var acts = advanceIntents(snapshot, plan: &plan, orders: &intake.orders)
    if plan.wantsBeads, !intake.isHeartbeat { wantsBeat = true }
    // What a person wants of an agent comes before what the rules want: never both at once.
    let taken = jobs.busy.union(intake.orders.map(\.agent.session))
    let ruled =
      duty == .town ? decided.launches.filter { !taken.contains($0.agent.session) && sight.covers($0.agent) } : []
    let (launches, unconfirmed) = part(ruled, intake: intake, plan: &plan, at: snapshot.time)
    var starts = launches + intake.orders
    guard holds(breach(by: starts)) else { return }
    let beginnings = await attendSpawns(
      snapshot, starting: starts, isPressed: !(starts.isEmpty && unconfirmed.isEmpty), plan: &plan)
    let undecided = plan.ledger
    for order in starts { noteLaunch(order, at: snapshot.time, ledger: &plan.ledger) }
    var marks = marks(of: &plan, starting: starts)
    let adoptions = adoptions(of: plan, starting: starts).filter { sight.covers($0.agent) }

    let notices = post(plan.notices, retrying: intake.isHeartbeat, ledger: &plan.ledger)
    let announcements = announce(plan.events, at: snapshot.time, ledger: &plan.ledger)

    if sight.sessions == nil {
      sight.nextLook = plan.nextLook
    } else {
      // Those of whom nothing new was seen are not put off.
      if let next = sight.nextLook { plan.look(at: next) }
      if decided.launches.contains(where: { !sight.covers($0.agent) }) { plan.look(at: snapshot.time) }
    }
    lastLook = sight

    if intake.isHeartbeat { noteHeartbeat(at: snapshot.time) }
    saveFailure = save(plan, snapshot: snapshot, isHeartbeat: intake.isHeartbeat)
    if let saveFailure {
      // What is not written down is not done: the next daemon would not know of it.
      withdraw(acts, from: &plan)
      withhold(starts: starts, marks: marks, because: saveFailure, at: snapshot.time, former: undecided, plan: &plan)
      // An old record would mislead whoever supervises next: it is written as soon as that can be done.
      plan.look(at: snapshot.time + TownRules.retry)
      (acts, closings, starts, marks) = ([], [], [], [])
    }
    record(plan, snapshot: snapshot)
    deliverAnswers()
    gatherEvidence(of: plan.deaths, waiting: waiting, snapshot: snapshot)
    watch(snapshot)
    watchServers(snapshot)

    for act in acts { start(act) }
    if saveFailure == nil { startWithdrawals(at: snapshot.time) }
    if !closings.isEmpty { startClosingMail(closings) }
    for order in starts { startLaunch(order) }
    if !unconfirmed.isEmpty { startConfirmation(unconfirmed) }
    for order in marks { startMark(order) }
    for order in adoptions { startAdoption(order) }
    if !plan.hooksInDoubt.isEmpty { startReadingHooks(plan.hooksInDoubt.sorted()) }
    for notice in notices where !isOnItsWay(notice) { startNotice(notice) }
    for announcement in announcements { startAnnouncement(announcement) }
    for beginning in beginnings { startBeginning(beginning) }
    attendScopes(sight, starting: starts)
    keep(snapshot)
    settleBeats()
    armTimer(nextLook: plan.nextLook)
  }

  /// Takes in what has happened since the last turn.
  private func take(_ events: [SupervisorEvent], plan: inout Plan) -> Intake {
    let uptime = world.uptime()
    let time = zero + uptime
    var intake = Intake()
    // A listing first: what was read afresh for a start is newer, and must not be lost to it.
    for case .beadsRead(let job, let readings) in events {
      jobs.finish(job)
      beads = readings
      lastReading = uptime
      planReading(at: uptime)
      intake.look = .heartbeat
      beatsActing += beatsReading
      beatsReading = []
    }
    for event in events {
      switch event {
      case .beat:
        // Who wants it is known already. Where a turn was under way its end has begun the reading, and a
        // second one would answer nobody.
        break
      case .timer:
        // One that is being read for already is on its way.
        guard !jobs.isReading else { break }
        if let due = heartbeatDue, due <= uptime { wantsBeat = true }
        if let due = mailDue, due <= uptime { wantsBeat = true }
        // What could not be read is read again long before the next heartbeat.
        if let due = beadsDue, due <= uptime { wantsBeat = true }
      case .look, .died, .serverDied, .watchdog, .stop, .beadsRead, .gathered, .confined, .swept:
        break
      case .command(let command, let ticket):
        intake.commands.append((command, ticket))
      case .confirmed(let job, let orders, let readings):
        jobs.finish(job)
        for order in orders {
          let failure = beads.take(fresh: readings, of: order.agent, hook: order.hook)
          if let failure {
            intake.unread[order.agent.session] = failure
          } else {
            intake.fresh[order.agent.session] = order.hook
          }
        }
      case .launched(let job, let order, let outcome):
        jobs.finish(job)
        LaunchRule.record(outcome, of: order, at: time, policy: rules.policy, in: &plan)
        finishIntent(order, outcome, at: time, plan: &plan)
        answerStart(order, outcome)
      case .marked(let job, let order, let outcome):
        jobs.finish(job)
        finishMark(order, outcome, at: time, plan: &plan)
      case .adopted(let job, let order, let outcome):
        jobs.finish(job)
        AdoptionRule.record(outcome, of: order, at: time, in: &plan)
      case .hooksRead(let job, let ids, let readings):
        jobs.finish(job)
        beads.take(hooks: ids, readings: readings)
        if !intake.isHeartbeat { intake.look = .hooks }
      case .ended(let job, let command, let outcome):
        jobs.finish(job)
        guard let ticket = endTickets.removeValue(forKey: job) else { break }
        finishEnding(command, ticket, outcome, plan: &plan)
      case .requestClaimed(let job, let agent, let failure):
        jobs.finish(job)
        noteClaimed(agent, failure: failure, at: time, plan: &plan)
      case .requestEnded(let job, let agent, let outcome):
        jobs.finish(job)
        noteEnded(agent, outcome, at: time, plan: &plan)
      case .requestWithdrawn(let job, let agent, let failure):
        jobs.finish(job)
        noteWithdrawn(agent, failure: failure, at: time, plan: &plan)
      case .mailClosed(let job, let failures):
        jobs.finish(job)
        tellUnclosed(failures)
      case .told(let job, let notice, let failure):
        jobs.finish(job)
        if let failure {
          tellUnsent(notice, failure: failure)
        } else {
          unsent[notice.repeatKey] = nil
          plan.ledger.outbox.removeAll { $0 == notice }
          plan.ledger[notice.agent].noteSent(notice)
        }
      case .announced(let job, let announcement, let failure):
        jobs.finish(job)
        finishAnnouncement(announcement, failure: failure, ledger: &plan.ledger)
      case .begun(let job, let beginning, let failure):
        jobs.finish(job)
        finishBeginning(beginning, failure: failure, plan: &plan)
      }
    }
    return intake
  }

  /// Parts the orders into those that may be carried out and those for which the beads have to be
  /// read afresh first: rule 8 acts on nothing older.
  private func part(
    _ orders: [LaunchOrder], intake: Intake, plan: inout Plan, at time: Timestamp
  ) -> (launches: [LaunchOrder], unconfirmed: [LaunchOrder]) {
    var launches: [LaunchOrder] = []
    var unconfirmed: [LaunchOrder] = []
    for order in orders {
      let session = order.agent.session
      if order.rule != .sessionHealth {
        launches.append(order)
      } else if let (until, reason) = unreadable[session], until > time, until - time <= TownRules.retry {
        plan.look(at: until)
        plan.replaceFinding(of: session, by: .unknown, reason: reason, until: until)
      } else if let reason = intake.unread[session] {
        unreadable[session] = (time + TownRules.retry, reason)
        plan.look(at: time + TownRules.retry)
        plan.replaceFinding(of: session, by: .unknown, reason: reason, until: time + TownRules.retry)
      } else if let hook = intake.fresh[session], hook == order.hook {
        launches.append(order)
      } else {
        unconfirmed.append(order)
      }
    }
    return (launches, unconfirmed)
  }

  /// Writes the attempt down before it is made.
  private func noteLaunch(_ order: LaunchOrder, at time: Timestamp, ledger: inout Ledger) {
    ledger[order.agent].launch = AgentRecord.Launch(
      at: time, isRestart: order.isRestart, hook: order.hook, resumes: order.resumes)
    ledger.starts.note(time, within: TownRules.minute)
    if order.isRestart || ledger[order.agent].restartPolicy.parking != nil {
      ledger[order.agent].restartPolicy.noteAttempt(at: time)
    }
  }

  private func noteHeartbeat(at time: Timestamp) {
    heartbeatCount += 1
    lastHeartbeat = time
    let interval = HeartbeatInterval.next(
      lastActivity: world.lastActivity(), now: time, policy: rules.policy.heartbeat)
    nextHeartbeat = time + interval
    heartbeatDue = world.uptime() + interval
    journal.debug("heartbeat \(heartbeatCount); the next in \(interval)")
  }

  /// Writes down what was decided, before any of it is done; why that could not be.
  private func save(_ plan: Plan, snapshot: TownSnapshot, isHeartbeat: Bool) -> String? {
    var failure: String?
    do {
      // Those who wait come first: what the ledger says of mail and starts relies on their being there.
      if pending != savedPending {
        try world.save(pending)
        savedPending = pending
      }
      if plan.ledger != savedLedger {
        try world.save(plan.ledger)
        savedLedger = plan.ledger
      }
    } catch {
      failure = "\(error)"
    }
    if isHeartbeat { saveHeartbeat(at: snapshot.time) }
    if let failure, failure != saveFailure { journal.error("what was decided could not be written down: \(failure)") }
    if failure == nil, saveFailure != nil { journal.info("what is decided can be written down again") }
    return failure
  }

  /// What others may know of the daemon without asking it: nothing depends on it, so nothing waits for it.
  private func saveHeartbeat(at time: Timestamp) {
    do {
      try world.saveHeartbeat(at: time, count: heartbeatCount)
      heartbeatFailure = nil
    } catch {
      // Where nothing can be written, that has been said.
      if heartbeatFailure == nil, saveFailure == nil {
        journal.error("the daemon's state cannot be written down: \(error)")
      }
      heartbeatFailure = "\(error)"
    }
  }

  /// Remembers what was decided, and tells it.
  private func record(_ plan: Plan, snapshot: TownSnapshot) {
    ledger = plan.ledger
    for event in plan.events { journal.record(placed(event)) }
    keepHistory(of: plan, snapshot: snapshot)
    tell(plan.remarks)
    if duty == .town { tellFailures(snapshot) }
    findings = plan.findings
    counts = AgentCounts(
      findings: plan.findings, at: snapshot.time, heldBack: plan.ledger.heldBack ?? saveFailure.map(Self.unwritten))
    reports.status(counts.line)
  }

  /// Says once what can no longer be read, and once that it can again.
  private func tellFailures(_ snapshot: TownSnapshot) {
    let failures = Set(snapshot.failures)
    for failure in failures.subtracting(knownFailures).sorted() {
      let isTmux = failure.contains("tmux server")
      journal.record(
        TownEvent(
          isTmux ? .tmuxUnavailable : .storeUnavailable, message: "nothing is done where this is needed: \(failure)",
          reason: failure))
    }
    if failures.isEmpty, !knownFailures.isEmpty { journal.debug("everything can be read again") }
    knownFailures = failures
  }
}
