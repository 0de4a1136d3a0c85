// SPDX-License-Identifier: Apache-2.0

import Town

/// A turn on its way through ``SupervisionState``.
struct TurnDraft: Sendable {
  var plan: Plan
  /// What was looked at: everything, or less.
  var look = TownRules.Look.event
  var isHeartbeat: Bool { look == .heartbeat }
  var commands: [CommandDesk.Command] = []
  /// Whether no agent can have changed because of the turn's events.
  var leavesAgentsAlone = true
  /// Agents for which the beads have just been read afresh, with the work that was read.
  var fresh: [String: String?] = [:]
  /// Agents for which they could not be read, and why.
  var unread: [String: String] = [:]
  /// The sessions that waited to be told to begin, as the turn began.
  var waiting: Set<String> = []

  // What was decided.
  var snapshot: TownSnapshot?
  var closings: [String] = []
  var steps: [SupervisionState.IntentStep] = []
  var starts: [LaunchOrder] = []
  /// Starts for which beads are to be read first.
  var unconfirmed: [LaunchOrder] = []
  /// The agents whose screens are to be read now, by session.
  var screensWanted: [String: ProcessLife] = [:]
  var beginnings: [SpawnRule.Beginning] = []
  var marks: [MarkOrder] = []
  var adoptions: [AdoptionRule.Order] = []
  var notices: [Notice] = []
  var announcements: [Announcement] = []
  /// The ledger before starts and marks were entered.
  var undecided = Ledger()
}

/// What a turn finds outside of the look at the town.
struct TurnCircumstances: Sendable {
  /// Commands, by ticket, whose givers no longer wait for an answer.
  var abandoned: Set<Int> = []
  /// Stops that could not be written down, by ticket, and why.
  var unwrittenStops: [Int: String] = [:]
}

/// What is to be written down before anything of a turn is done; `nil` where the file is up to date.
struct TurnRecords: Sendable {
  /// Those that wait come first: what the ledger says of mail and starts relies on their being there.
  var pending: [PendingSpawn]?
  var ledger: Ledger?
  /// Nothing depends on it, so nothing waits for it.
  var heartbeat: (time: Timestamp, count: Int)?
}

extension SupervisionState {
  /// Takes in the events that cost no turn: the end of gathering evidence, what concerns control groups, and the journal's
  /// answers.
  ///
  /// - Returns: the events that are the causes of a turn.
  mutating func takeWithoutTurn(_ events: [SupervisorEvent], uptime: Duration) -> [SupervisorEvent] {
    self.uptime = uptime
    return events.filter { event in
      switch event {
      case .watchdog, .journalled: return false
      case .tellAgain: tellAgain()
      case .finished(let job, .gathered(_, let failure, let remarks)):
        jobs.finish(job)
        finishGathering(failure: failure, remarks: remarks)
      case .finished(let job, .confined(let agent, let life, let reading)):
        jobs.finish(job)
        finishConfining(agent, life, reading)
      case .finished(let job, .swept(let agent, let remains, let outcome)):
        jobs.finish(job)
        finishSweeping(agent, remains, outcome)
      case .beat, .timer, .look, .died, .serverDied, .command, .finished, .told, .stop: return true
      }
      return false
    }
  }

  /// The first step: takes in what has happened since the last turn.
  ///
  /// - Parameter now: the wall clock. One that is set meanwhile is followed by the next turn: until then all times are by
  ///   the same clock, and none of them lies an hour away.
  mutating func begin(_ events: [SupervisorEvent], now: Timestamp, uptime: Duration) -> TurnDraft {
    self.uptime = uptime
    bootTime = now + (.zero - uptime)
    var draft = TurnDraft(plan: Plan(ledger: ledger))
    followClock(&draft.plan.ledger)
    take(events, draft: &draft)
    draft.leavesAgentsAlone = events.allSatisfy(\.leavesAgentsAlone)
    draft.commands = commands.takePostponed() + draft.commands
    draft.waiting = Set(pending.map(\.session))
    return draft
  }

  /// The stops among the commands, which are written down before anything else: also where the agent is busy, so that a
  /// start which has not come to its last look is still prevented.
  func stops(in draft: TurnDraft, look: Look, abandoned: Set<Int>) -> [(ticket: Int, hold: Hold, agent: AgentIdentity)]
  {
    draft.commands.compactMap { one in
      let command = one.command
      guard command.verb == .stop, one.isBegun || !abandoned.contains(one.ticket),
        let observation = look.snapshot.agents.first(where: { $0.agent == command.agent })
      else { return nil }
      let stop = Hold(kind: .stop, who: command.who, when: look.snapshot.time, why: command.why)
      let former = (observation.hold.value ?? nil).flatMap { $0.scope == .agent ? $0 : nil }
      return (one.ticket, stop.beside(former), command.agent)
    }
  }

  /// The second step: goes through the rules.
  ///
  /// - Returns: what must never be so, where it is: then nothing of the turn is done.
  mutating func decide(
    _ draft: inout TurnDraft, look: Look, given circumstances: TurnCircumstances, uptime: Duration
  ) -> String? {
    self.uptime = uptime
    var look = look
    noteStanding(in: &look.snapshot, isHeartbeat: draft.isHeartbeat, plan: &draft.plan)
    let snapshot = look.snapshot
    draft.snapshot = snapshot
    noteBoot(snapshot.boot, ledger: &draft.plan.ledger)
    lastLook = look
    if draft.isHeartbeat {
      draft.closings = attendMail(snapshot, commands: draft.commands.map(\.command), plan: &draft.plan)
    }
    // No rule judges an agent whose end has been decided, whether a job is under way for it or not.
    let decided = rules.decide(
      snapshot, ledger: draft.plan.ledger, busy: jobs.busy.union(draft.plan.ledger.sessionsWithIntents),
      look: draft.look, confirmed: Set(draft.fresh.keys))
    if mode == .town {
      draft.plan.absorb(decided)
    } else {
      draft.plan.absorb(decided, about: Set(draft.commands.map(\.command.agent.session)))
    }
    var orders: [LaunchOrder] = []
    carryOut(draft.commands, snapshot: snapshot, given: circumstances, plan: &draft.plan, orders: &orders)
    draft.steps = advanceIntents(snapshot, plan: &draft.plan, orders: &orders)
    if draft.plan.wantsBeads, !draft.isHeartbeat { beats.want() }
    // What a person wants of an agent comes before what the rules want: never both at once.
    let taken = jobs.busy.union(orders.map(\.agent.session))
    let ruled = mode == .town ? decided.launches.filter { !taken.contains($0.agent.session) } : []
    let (launches, unconfirmed) = freshReads.part(
      ruled, fresh: draft.fresh, failed: draft.unread, at: snapshot.time, plan: &draft.plan)
    draft.unconfirmed = unconfirmed
    draft.starts = launches + orders
    if let breach = breach(by: draft.starts) { return breach }
    draft.screensWanted = screensWanted(
      snapshot, starting: draft.starts, isPressed: !(draft.starts.isEmpty && unconfirmed.isEmpty), plan: &draft.plan)
    return nil
  }

  /// The third step: enters what was decided into the ledger.
  ///
  /// - Parameter screens: those of ``TurnDraft/screensWanted`` that could be read.
  /// - Returns: what is to be written down before the effects are released.
  mutating func complete(_ draft: inout TurnDraft, screens: [String: PaneScreen], uptime: Duration) -> TurnRecords {
    self.uptime = uptime
    guard let snapshot = draft.snapshot else { return TurnRecords() }
    draft.beginnings = attendSpawns(snapshot, screens: screens, starting: draft.starts, plan: &draft.plan)
    draft.undecided = draft.plan.ledger
    for index in draft.starts.indices {
      draft.starts[index].mark = facts.newMark()
      draft.starts[index].graves = draft.plan.ledger[draft.starts[index].agent].graves
    }
    for order in draft.starts { noteLaunch(order, at: snapshot.time, ledger: &draft.plan.ledger) }
    draft.marks = marks(of: &draft.plan, starting: draft.starts)
    draft.adoptions = adoptions(of: draft.plan, starting: draft.starts)
    let (notices, complaint) = outbox.enter(
      draft.plan.notices, retrying: draft.isHeartbeat && mode == .town, ledger: &draft.plan.ledger)
    draft.notices = notices
    if let complaint { journal.error(complaint) }
    draft.announcements = announce(draft.plan.events, at: snapshot.time, ledger: &draft.plan.ledger)
    if draft.isHeartbeat {
      let facts = self.facts
      if mode == .town { ForgetRule.apply(to: &draft.plan.ledger, snapshot: snapshot) { facts.isRunning($0) } }
      noteHeartbeat(at: snapshot.time)
    }
    enterEvents(of: &draft.plan, at: snapshot.time)
    return TurnRecords(
      pending: pending == savedPending ? nil : pending,
      ledger: draft.plan.ledger.hasNews(since: savedLedger) ? draft.plan.ledger : nil,
      heartbeat: draft.isHeartbeat ? (snapshot.time, heartbeats.count) : nil)
  }

  /// The last step: what is written down is done.
  ///
  /// - Parameter failure: why not all of the records could be written.
  mutating func settle(_ draft: TurnDraft, failure: String?, uptime: Duration) {
    self.uptime = uptime
    guard let snapshot = draft.snapshot else { return }
    var draft = draft
    noteSaving(failure)
    if let failure {
      // What is not written down is not done: the next daemon would not know of it.
      withdraw(draft.steps, from: &draft.plan)
      withhold(
        starts: draft.starts, marks: draft.marks, because: failure, at: snapshot.time, former: draft.undecided,
        plan: &draft.plan)
      // An old record would mislead the next supervisor: it is written as soon as that can be done.
      draft.plan.look(at: snapshot.time + TownRules.retry)
      (draft.steps, draft.closings, draft.starts, draft.marks) = ([], [], [], [])
      refuseLifts(because: failure)
    }
    record(draft.plan, snapshot: snapshot)
    gatherEvidence(of: draft.plan.deaths, waiting: draft.waiting, snapshot: snapshot)
    for step in draft.steps { start(step) }
    if failure == nil { startWithdrawals(at: snapshot.time) }
    if !draft.closings.isEmpty { start(.closeMail(draft.closings)) }
    for order in draft.starts { start(.launch(order, clearing: leftovers(of: order)), after: order.delay) }
    if !draft.unconfirmed.isEmpty { start(.readAfresh(draft.unconfirmed)) }
    for order in draft.marks { start(.mark(order)) }
    for order in draft.adoptions { start(.adopt(order)) }
    if !draft.plan.hooksInDoubt.isEmpty { start(.readHooks(draft.plan.hooksInDoubt.sorted())) }
    outbox.enqueue(draft.notices, isBeingSent: jobs.isTelling)
    startTelling()
    for announcement in draft.announcements { start(.announce(announcement)) }
    for beginning in draft.beginnings { start(.begin(beginning)) }
    attendScopes(snapshot, starting: draft.starts)
    settleBeats()
    nextLook = draft.plan.nextLook
    isReady = true
  }
}

extension SupervisionState {
  private mutating func take(_ events: [SupervisorEvent], draft: inout TurnDraft) {
    let time = bootTime + uptime
    // A listing first: what was read afresh for a start is newer, and must not be lost to it.
    for case .finished(let job, .beadsRead(let readings)) in events {
      jobs.finish(job)
      beads = readings
      lastReading = uptime
      planReading(at: uptime)
      draft.look = .heartbeat
      beats.endReading()
    }
    for event in events {
      switch event {
      case .beat:
        // Its callers are known already. Where a turn was under way its end has begun the reading, and a
        // second one would answer no caller.
        break
      case .timer:
        // One that is being read for already is on its way.
        guard !jobs.isReading else { break }
        if let due = heartbeats.due, due <= uptime { beats.want() }
        if mailRetry.isDue(at: uptime) { beats.want() }
        // What could not be read is read again long before the next heartbeat.
        if beadsRetry.isDue(at: uptime) { beats.want() }
      case .look, .died, .serverDied, .watchdog, .stop, .journalled, .tellAgain: break
      case .command(let command, let ticket):
        draft.commands.append(CommandDesk.Command(command: command, ticket: ticket))
      case .told(let notice, let delivery): note(delivery, of: notice, ledger: &draft.plan.ledger)
      case .finished(let job, let outcome):
        jobs.finish(job)
        take(outcome, of: job, at: time, draft: &draft)
      }
    }
  }

  /// Takes in what became of an effect.
  private mutating func take(_ outcome: Outcome, of job: Int, at time: Timestamp, draft: inout TurnDraft) {
    switch outcome {
    // Taken in before all others, or without a turn.
    case .beadsRead, .gathered, .confined, .swept: break
    case .confirmed(let orders, let readings):
      for order in orders {
        if let failure = beads.take(fresh: readings, of: order.agent, hook: order.hook) {
          draft.unread[order.agent.session] = failure
        } else {
          draft.fresh[order.agent.session] = order.hook
        }
      }
    case .launched(let order, let outcome):
      LaunchRule.record(outcome, of: order, at: time, policy: rules.policy, in: &draft.plan)
      finishIntent(order, outcome, at: time, plan: &draft.plan)
      answerStart(order, outcome)
    case .marked(let order, let outcome): finishMark(order, outcome, at: time, plan: &draft.plan)
    case .adopted(let order, let outcome): AdoptionRule.record(outcome, of: order, at: time, in: &draft.plan)
    case .hooksRead(let ids, let readings):
      beads.take(hooks: ids, readings: readings)
      if !draft.isHeartbeat { draft.look = .hooks }
    case .ended(let command, let outcome):
      if let ticket = commands.takeEnd(by: job) { finishEnding(command, ticket, outcome, plan: &draft.plan) }
    case .requestClaimed(let agent, let failure): noteClaimed(agent, failure: failure, at: time, plan: &draft.plan)
    case .requestEnded(let agent, let outcome, let left):
      noteEnded(agent, outcome, left: left, at: time, plan: &draft.plan)
    case .requestWithdrawn(let agent, let withdrawals, let failure):
      noteWithdrawn(agent, withdrawals, failure: failure, at: time, plan: &draft.plan)
    case .mailClosed(let failures): tellUnclosed(failures)
    case .sent: break
    case .announced(let announcement, let failure):
      finishAnnouncement(announcement, failure: failure, ledger: &draft.plan.ledger)
    case .begun(let beginning, let failure): finishBeginning(beginning, failure: failure, plan: &draft.plan)
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

  private mutating func noteHeartbeat(at time: Timestamp) {
    let interval = HeartbeatInterval.next(
      lastActivity: facts.lastActivity(), now: time, policy: rules.policy.heartbeat)
    heartbeats.note(at: time, uptime: uptime, interval: interval)
    journal.debug("heartbeat \(heartbeats.count); the next in \(interval)")
  }

  /// Remembers what was decided, and tells it.
  private mutating func record(_ plan: Plan, snapshot: TownSnapshot) {
    ledger = plan.ledger
    tellEvents(of: plan)
    keepHistory(of: plan, snapshot: snapshot)
    for remark in plan.remarks { journal.remark(remark) }
    for message in snapshot.mended { journal.warning(message) }
    if mode == .town {
      tellFailures(snapshot)
      tellDoubts()
    }
    findings = plan.findings
    counts = AgentCounts(
      findings: plan.findings, at: snapshot.time, heldBack: plan.ledger.heldBack ?? saveFailure.map(Self.unwritten))
  }

  /// The adoptions that this turn may begin: no agent is adopted twice at once, or while something else is
  /// done to it.
  private func adoptions(of plan: Plan, starting: [LaunchOrder]) -> [AdoptionRule.Order] {
    let taken = jobs.busy.union(jobs.adopting).union(starting.map(\.agent.session))
    return plan.adoptions.filter { !taken.contains($0.agent.session) }
  }
}

// What is written down.
extension SupervisionState {
  /// Part of the records is in its file.
  mutating func noteSaved(_ pending: [PendingSpawn]) { savedPending = pending }
  mutating func noteSaved(_ ledger: Ledger) { savedLedger = ledger }

  private mutating func noteSaving(_ failure: String?) {
    if let failure, failure != saveFailure { journal.error("what was decided could not be written down: \(failure)") }
    if failure == nil, saveFailure != nil { journal.info("what is decided can be written down again") }
    saveFailure = failure
  }

  /// The time of the heartbeat is in its file, or could not be written.
  mutating func noteHeartbeatSaved(failure: String?) {
    guard let failure else { return complaints.clear(.heartbeat) }
    // Where nothing can be written, that has been said.
    if complaints.isFirst(failure, about: .heartbeat), saveFailure == nil {
      journal.error("the daemon's state cannot be written down: \(failure)")
    }
  }

  /// The ledger, where control groups have changed and no turn writes that: should the daemon end now, and then an agent,
  /// the next daemon knows what to clear up. What cannot be written is the next turn's to report.
  mutating func ledgerWithNewGroups() -> Ledger? {
    guard scopesHaveChanged else { return nil }
    scopesHaveChanged = false
    return saveFailure == nil ? ledger : nil
  }

  /// The ledger, where the journal has taken events and nothing is under way that a turn will follow. No restart waits for
  /// that.
  func ledgerWithReceipts() -> Ledger? {
    mode == .town && saveFailure == nil && ledger.untold != savedLedger.untold ? ledger : nil
  }

  /// Says once what is doubtful in the store's answers. What is said again after a while is not told again.
  private mutating func tellDoubts() {
    for remark in beads.remarks where knownDoubts.count < 1_000 && knownDoubts.insert(remark).inserted {
      journal.warning(remark)
    }
  }

  /// Says once what can no longer be read, and once that it can again.
  private mutating func tellFailures(_ snapshot: TownSnapshot) {
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
