// SPDX-License-Identifier: Apache-2.0

import Town

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
    guard holds(breachByTurn()), keepsTenure() else { return }
    turnBegan = world.uptime()
    turnBudgetEnd = .now + SupervisorHealth.turnBudget
    defer { turnBegan = nil }
    readClock()
    var plan = Plan(ledger: ledger)
    takeReceipts(into: &plan.ledger)
    followClock(&plan.ledger)
    var intake = take(events, plan: &plan)
    intake.commands = postponed + intake.commands
    postponed = []
    lifts = []
    let waiting = Set(pending.map(\.session))

    var look = await look(because: events, ledger: plan.ledger)
    noteStanding(in: &look.snapshot, isHeartbeat: intake.isHeartbeat, plan: &plan)
    let snapshot = look.snapshot
    noteBoot(snapshot.boot, ledger: &plan.ledger)
    var closings = intake.isHeartbeat ? attendMail(snapshot, commands: intake.commands.map(\.0), plan: &plan) : []
    // Whose end has been decided is nobody else's to judge, a job for it or none.
    let decided = rules.decide(
      snapshot, ledger: plan.ledger, busy: jobs.busy.union(plan.ledger.sessionsWithIntents), look: intake.look,
      confirmed: Set(intake.fresh.keys))
    if mode == .town { plan.absorb(decided) } else { plan.findings = decided.findings }
    carryOut(intake.commands, snapshot: snapshot, plan: &plan, orders: &intake.orders)
    var acts = advanceIntents(snapshot, plan: &plan, orders: &intake.orders)
    if plan.wantsBeads, !intake.isHeartbeat { beats.want() }
    // What a person wants of an agent comes before what the rules want: never both at once.
    let taken = jobs.busy.union(intake.orders.map(\.agent.session))
    let ruled =
      mode == .town ? decided.launches.filter { !taken.contains($0.agent.session) } : []
    let (launches, unconfirmed) = freshReads.part(
      ruled, fresh: intake.fresh, failed: intake.unread, at: snapshot.time, plan: &plan)
    var starts = launches + intake.orders
    guard holds(breach(by: starts)) else { return }
    let beginnings = await attendSpawns(
      snapshot, starting: starts, isPressed: !(starts.isEmpty && unconfirmed.isEmpty), plan: &plan)
    let undecided = plan.ledger
    for index in starts.indices {
      starts[index].mark = world.newMark()
      starts[index].graves = plan.ledger[starts[index].agent].graves
    }
    for order in starts { noteLaunch(order, at: snapshot.time, ledger: &plan.ledger) }
    var marks = marks(of: &plan, starting: starts)
    let adoptions = adoptions(of: plan, starting: starts)

    let (notices, complaint) = outbox.enter(
      plan.notices, retrying: intake.isHeartbeat && mode == .town, ledger: &plan.ledger)
    if let complaint { journal.error(complaint) }
    let announcements = announce(plan.events, at: snapshot.time, ledger: &plan.ledger)

    lastLook = look

    if intake.isHeartbeat {
      if mode == .town { ForgetRule.apply(to: &plan.ledger, snapshot: snapshot) { world.isRunning($0) } }
      noteHeartbeat(at: snapshot.time)
    }
    enterEvents(of: &plan, at: snapshot.time)
    saveFailure = save(plan, snapshot: snapshot, isHeartbeat: intake.isHeartbeat)
    if let saveFailure {
      // What is not written down is not done: the next daemon would not know of it.
      withdraw(acts, from: &plan)
      withhold(starts: starts, marks: marks, because: saveFailure, at: snapshot.time, former: undecided, plan: &plan)
      // An old record would mislead whoever supervises next: it is written as soon as that can be done.
      plan.look(at: snapshot.time + TownRules.retry)
      (acts, closings, starts, marks) = ([], [], [], [])
      lifts = []
    }
    record(plan, snapshot: snapshot)
    deliverAnswers()
    gatherEvidence(of: plan.deaths, waiting: waiting, snapshot: snapshot)
    watch(snapshot)
    watchServers(snapshot)

    liftStops()
    for act in acts { start(act) }
    if saveFailure == nil { startWithdrawals(at: snapshot.time) }
    if !closings.isEmpty { start(.closeMail(closings)) }
    for order in starts { start(.launch(order, clearing: leftovers(of: order)), after: order.delay) }
    if !unconfirmed.isEmpty { startConfirmation(unconfirmed) }
    for order in marks { start(.mark(order)) }
    for order in adoptions { start(.adopt(order)) }
    if !plan.hooksInDoubt.isEmpty { start(.readHooks(plan.hooksInDoubt.sorted())) }
    outbox.enqueue(notices, isBeingSent: jobs.isTelling)
    startTelling()
    for announcement in announcements { start(.announce(announcement)) }
    for beginning in beginnings { start(.begin(beginning)) }
    attendScopes(snapshot, starting: starts)
    settleBeats()
    armTimer(nextLook: plan.nextLook)
  }

  /// Takes in what has happened since the last turn.
  private func take(_ events: [SupervisorEvent], plan: inout Plan) -> Intake {
    let uptime = world.uptime()
    let time = bootTime + uptime
    var intake = Intake()
    // A listing first: what was read afresh for a start is newer, and must not be lost to it.
    for case .finished(let job, .beadsRead(let readings)) in events {
      jobs.finish(job)
      beads = readings
      lastReading = uptime
      planReading(at: uptime)
      intake.look = .heartbeat
      beats.endReading()
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
        if let due = heartbeats.due, due <= uptime { beats.want() }
        if mailRetry.isDue(at: uptime) { beats.want() }
        // What could not be read is read again long before the next heartbeat.
        if beadsRetry.isDue(at: uptime) { beats.want() }
      case .look, .died, .serverDied, .watchdog, .stop, .journalled, .tellAgain: break
      case .command(let command, let ticket): intake.commands.append((command, ticket))
      case .told(let notice, let delivery): note(delivery, of: notice, ledger: &plan.ledger)
      case .finished(let job, let outcome):
        jobs.finish(job)
        take(outcome, of: job, at: time, intake: &intake, plan: &plan)
      }
    }
    return intake
  }

  /// Takes in what became of an effect.
  private func take(_ outcome: Outcome, of job: Int, at time: Timestamp, intake: inout Intake, plan: inout Plan) {
    switch outcome {
    // Taken in before all others, or without a turn.
    case .beadsRead, .gathered, .confined, .swept: break
    case .confirmed(let orders, let readings):
      for order in orders {
        if let failure = beads.take(fresh: readings, of: order.agent, hook: order.hook) {
          intake.unread[order.agent.session] = failure
        } else {
          intake.fresh[order.agent.session] = order.hook
        }
      }
    case .launched(let order, let outcome):
      LaunchRule.record(outcome, of: order, at: time, policy: rules.policy, in: &plan)
      finishIntent(order, outcome, at: time, plan: &plan)
      answerStart(order, outcome)
    case .marked(let order, let outcome): finishMark(order, outcome, at: time, plan: &plan)
    case .adopted(let order, let outcome): AdoptionRule.record(outcome, of: order, at: time, in: &plan)
    case .hooksRead(let ids, let readings):
      beads.take(hooks: ids, readings: readings)
      if !intake.isHeartbeat { intake.look = .hooks }
    case .ended(let command, let outcome):
      if let ticket = endTickets.removeValue(forKey: job) { finishEnding(command, ticket, outcome, plan: &plan) }
    case .requestClaimed(let agent, let failure): noteClaimed(agent, failure: failure, at: time, plan: &plan)
    case .requestEnded(let agent, let outcome, let left):
      noteEnded(agent, outcome, left: left, at: time, plan: &plan)
    case .requestWithdrawn(let agent, let withdrawals, let failure):
      noteWithdrawn(agent, withdrawals, failure: failure, at: time, plan: &plan)
    case .mailClosed(let failures): tellUnclosed(failures)
    case .sent: break
    case .announced(let announcement, let failure):
      finishAnnouncement(announcement, failure: failure, ledger: &plan.ledger)
    case .begun(let beginning, let failure): finishBeginning(beginning, failure: failure, plan: &plan)
    }
  }

  /// Writes the attempt down before it is made.
  private func noteLaunch(_ order: LaunchOrder, at time: Timestamp, ledger: inout Ledger) {
    ledger[order.agent].launch = AgentRecord.Launch(
      at: time, isRestart: order.isRestart, hook: order.hook, resumes: order.resumes)
    if let mark = order.mark { ledger[order.agent].noteMark(mark) }
    ledger.starts.note(time, within: TownRules.minute)
    if order.isRestart || ledger[order.agent].restartPolicy.parking != nil {
      ledger[order.agent].restartPolicy.noteAttempt(at: time)
    }
  }

  private func noteHeartbeat(at time: Timestamp) {
    let interval = HeartbeatInterval.next(
      lastActivity: world.lastActivity(), now: time, policy: rules.policy.heartbeat)
    heartbeats.note(at: time, uptime: world.uptime(), interval: interval)
    journal.debug("heartbeat \(heartbeats.count); the next in \(interval)")
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
      if plan.ledger.hasNews(since: savedLedger) {
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
      try world.saveHeartbeat(at: time, count: heartbeats.count)
      complaints.clear(.heartbeat)
    } catch {
      // Where nothing can be written, that has been said.
      if complaints.isFirst("\(error)", about: .heartbeat), saveFailure == nil {
        journal.error("the daemon's state cannot be written down: \(error)")
      }
    }
  }

  /// Remembers what was decided, and tells it.
  private func record(_ plan: Plan, snapshot: TownSnapshot) {
    ledger = plan.ledger
    tellEvents(of: plan)
    keepHistory(of: plan, snapshot: snapshot)
    tell(plan.remarks)
    for message in snapshot.mended { journal.warning(message) }
    if mode == .town {
      tellFailures(snapshot)
      tellDoubts()
    }
    findings = plan.findings
    counts = AgentCounts(
      findings: plan.findings, at: snapshot.time, heldBack: plan.ledger.heldBack ?? saveFailure.map(Self.unwritten))
    reports.status(counts.line)
  }

  /// Says once what is doubtful in the store's answers. What is said again after a while is not told again.
  private func tellDoubts() {
    for remark in beads.remarks where knownDoubts.count < 1_000 && knownDoubts.insert(remark).inserted {
      journal.warning(remark)
    }
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
