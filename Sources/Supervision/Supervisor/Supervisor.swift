// SPDX-License-Identifier: Apache-2.0

package import Town

/// The one owner of a town's turns: observe, decide, record, act. Turns never overlap, and none
/// waits for anything slow; slow work runs in jobs beside the loop, and their ends are events.
package actor Supervisor {
  /// How much of a supervisor's work is done.
  package enum Mode: Sendable {
    /// All of it.
    case town
    /// Only what people command. Somebody who starts one agent by hand, with the daemon stopped, does
    /// not want the whole town started; and deaths are left to the daemon to find and to tell.
    case commands
  }

  let mode: Mode
  private(set) var world: any TownWorld
  private(set) var rules: TownRules
  let journal: EventJournal
  let reports: SupervisorReports
  /// Where all of its tasks run; `nil` for the threads of the concurrency pool.
  let executor: (any TaskExecutor)?
  let startedAt: Timestamp

  // What is remembered.
  var ledger = Ledger()
  /// What the files are known to hold; what could not be written is tried again with every turn.
  var savedLedger = Ledger()
  var pending: [PendingSpawn] = []
  var savedPending: [PendingSpawn] = []
  var beads = BeadReadings.none
  var findings: [Finding] = []
  var counts = AgentCounts()
  var heartbeats = Heartbeats()
  /// What could not be read at the last look, so that it is said once and not every time.
  var knownFailures: Set<String> = []
  /// What was said to be doubtful in the store's answers, for the same reason.
  var knownDoubts: Set<String> = []
  var saveFailure: String?
  var complaints = Complaints()
  var delivery = JournalDelivery()
  var retellingTask: Task<Void, Never>?
  /// When the screens of those who wait were last read.
  var screensRead: Duration?

  /// The last words of the dead, on their way: nothing takes their panes before.
  var lastWords: [String: LastWords] = [:]
  /// What the kernel had counted of the memory of those who live, when they were first seen.
  var memory: [ProcessLife: MemoryEvents] = [:]
  var history = DecisionHistory()

  var outbox = Outbox()

  /// Whether everything is being ended, as it was asked when deaths were seen whose beads are read, by session.
  var endQuestions: [String: Task<Bool, Never>] = [:]
  /// Whether the ledger has groups that are not written down yet.
  var scopesHaveChanged = false
  /// Who stood still when that was last looked at, by session.
  var frozen: Set<String> = []
  var confinementRetries = ConfinementRetries()
  /// When the time is over in which a turn asks tmux.
  var turnBudgetEnd = ContinuousClock.now
  /// Whether agents are slowed down because they use up their memory, as it was last told.
  var isThrottled = false

  /// The boot that the last look was taken in.
  var boot: String?
  /// The wall-clock time at which the monotonic clock stood at zero, read once a turn.
  var bootTime: Timestamp

  /// Agents that could not be ended for a person's restart: whether they have ended after all, the next
  /// look tells.
  var failedEnds: Set<String> = []
  /// Until when requests are not tried again, by session.
  var requestPauses: [String: Timestamp] = [:]
  /// Lifecycle requests carried out and refused so far.
  var requestCounts = RequestCounts()

  /// What was last seen.
  var lastLook: Look?
  /// When those who wait to be told to begin were last looked after, by both clocks.
  var spawnsSeen: (time: Timestamp, uptime: Duration)?

  // What is under way.
  var jobs = JobTable()
  var watches: [ProcessLife: Task<Void, Never>] = [:]
  var serverWatches: [ServerIdentity: Task<Void, Never>] = [:]
  var clockWatch: Task<Void, Never>?
  var timer: Task<Void, Never>?
  var turnBegan: Duration?
  var isReady = false
  var isStopping = false
  /// Whether something was found that must never be so.
  var isBroken = false
  var beats = Beats()
  /// When the mail is to be read again, because a request in it could not be judged.
  var mailRetry = RetryTimer()
  /// When the beads are to be read again, because not all of them could be.
  var beadsRetry = RetryTimer()
  /// When the beads were last read, or could not be.
  var lastReading: Duration?
  var freshReads = FreshReads()
  /// Agents whose stop this turn takes back, once it is written down that they are started.
  var lifts: [AgentIdentity] = []
  /// Commands for agents that were busy when they were given.
  var postponed: [(PersonCommand, CommandTicket)] = []
  /// Answers that go out when this turn is recorded.
  var answers: [(CommandTicket, Result<CommandOutcome, CommandRefusal>)] = []
  /// The answers to people whose agents are being started.
  var startTickets: [String: CommandTicket] = [:]
  /// The answers to people whose agents are being ended, by job. One that is cancelled before it has begun posts
  /// no event.
  var endTickets: [Int: CommandTicket] = [:]

  private var inbox: [SupervisorEvent] = []
  private var waiter: CheckedContinuation<Void, Never>?

  package init(
    world: any TownWorld, policy: Policy, journal: EventJournal, mode: Mode = .town,
    reports: SupervisorReports = .init(), executor: (any TaskExecutor)? = nil
  ) {
    self.world = world
    self.mode = mode
    rules = TownRules(policy: policy)
    self.journal = journal
    self.reports = reports
    self.executor = executor
    startedAt = world.now()
    bootTime = startedAt + (.zero - world.uptime())
  }

  /// Supervises until ``stop()`` is called or the task is cancelled.
  package func run() async {
    await withTaskCancellationHandler {
      recall()
      listenToJournal()
      if mode == .town { beats.want() }
      // The first look does not wait for the beads: a store that hangs must not keep the service from
      // becoming ready.
      watchClock()
      await turn([.timer])
      isReady = true
      reports.ready(counts.line)
      while !isStopping {
        let events = await nextEvents()
        if events.contains(where: { if case .stop = $0 { true } else { false } }) {
          inbox = events + inbox
          break
        }
        await handle(events)
      }
      leave()
      await settleReceipts()
    } onCancel: {
      Task(executorPreference: executor) { await self.stop() }
    }
  }

  /// Ends ``run()``. What is under way is cancelled; the ledger knows what was begun.
  package func stop() { post(.stop) }

  func post(_ event: SupervisorEvent) {
    if isStopping { return dismiss(event) }
    inbox.append(event)
    waiter?.resume()
    waiter = nil
  }

  private func nextEvents() async -> [SupervisorEvent] {
    while inbox.isEmpty {
      await withCheckedContinuation { waiter = $0 }
    }
    defer { inbox = [] }
    return inbox
  }

  /// A watchdog's question, the end of gathering evidence and what concerns control groups cost no turn; anything else is one, however
  /// many events it answers.
  private func handle(_ events: [SupervisorEvent]) async {
    var causes: [SupervisorEvent] = []
    var isAsked = false
    var isToldOf = false
    for event in events {
      switch event {
      case .watchdog: isAsked = true
      case .finished(let job, .gathered(let reports, let failure, let remarks)):
        jobs.finish(job)
        finishGathering(reports, failure: failure, remarks: remarks)
      case .finished(let job, .confined(let agent, let life, let reading)):
        jobs.finish(job)
        finishConfining(agent, life, reading)
      case .finished(let job, .swept(let agent, let remains, let outcome)):
        jobs.finish(job)
        finishSweeping(agent, remains, outcome)
      case .journalled: isToldOf = true
      case .tellAgain: tellAgain()
      default: causes.append(event)
      }
    }
    if causes.isEmpty { keepScopes() } else { await turn(causes) }
    if isToldOf { takeReceipts(into: &ledger) }
    if jobs.isEmpty { keepReceipts() }
    notePressure()
    if isAsked, !isBroken, health().isWell { reports.watchdog() }
  }

  private func recall() {
    do {
      ledger = try world.loadLedger(settingAside: true)
      savedLedger = ledger
    } catch {
      journal.error("the ledger cannot be read, so all counts begin anew: \(error)")
    }
    do {
      pending = try world.loadPendingSpawns(settingAside: true)
      savedPending = pending
    } catch {
      journal.error("the pending spawns cannot be read: \(error)")
    }
  }

  private func leave() {
    isStopping = true
    timer?.cancel()
    stopWatching()
    jobs.cancelAll()
    beats.end()
    deliverAnswers()
    for ticket in startTickets.values { ticket.continuation.resume(throwing: CommandRefusal("the daemon is stopping")) }
    startTickets = [:]
    for ticket in endTickets.values {
      ticket.continuation.resume(throwing: CommandRefusal("the daemon is stopping; \(Self.stopRemains)"))
    }
    endTickets = [:]
    for (_, ticket) in postponed { ticket.continuation.resume(throwing: CommandRefusal("the daemon is stopping")) }
    postponed = []
    for event in inbox { dismiss(event) }
    inbox = []
  }

  /// Answers whoever waits for an event that no turn will take in.
  private func dismiss(_ event: SupervisorEvent) {
    switch event {
    case .command(_, let ticket):
      ticket.continuation.resume(throwing: CommandRefusal("the daemon is stopping"))
    case .beat, .timer, .look, .died, .serverDied, .watchdog, .finished, .told, .journalled, .tellAgain, .stop:
      break
    }
  }
}

// What others ask of it.
extension Supervisor {
  /// One whole beat: returns when its outcome has been acted upon and recorded.
  package func beat() async {
    guard !isStopping else { return }
    await withCheckedContinuation { continuation in
      beats.add(continuation)
      post(.beat)
    }
  }

  /// A beat soon, because something may have changed. Does not wait for it.
  package func askBeat() {
    beats.want()
    post(.beat)
  }

  /// The service manager's question; answered through ``SupervisorReports/watchdog``, by the loop.
  package func askWatchdog() { post(.watchdog) }

  /// Carries out a person's command and returns when its outcome is recorded.
  ///
  /// - Parameter isAwaited: whether the person still waits for that. A command of one who has given up is not begun.
  /// - Throws: ``CommandRefusal``.
  package func carryOut(
    _ command: PersonCommand, isAwaited: @escaping @Sendable () -> Bool = { true }
  ) async throws -> CommandOutcome {
    guard !isStopping else { throw CommandRefusal("the daemon is stopping") }
    try PersonCommand.check(who: command.who, why: command.why)
    return try await withCheckedThrowingContinuation { continuation in
      post(.command(command, CommandTicket(continuation: continuation, isAwaited: isAwaited)))
    }
  }

  /// Lifecycle requests carried out and refused since this supervisor began.
  package func requests() -> RequestCounts { requestCounts }

  /// Why the Deacon's mail could not be read with the last beat; `nil` where it was.
  package func mailFailure() -> String? { beads.inbox.failure }

  package func health() -> SupervisorHealth {
    let uptime = world.uptime()
    return SupervisorHealth(
      turnAge: turnBegan.map { uptime - $0 }, overdueJobs: jobs.overdue(at: uptime), heartbeatCount: heartbeats.count)
  }

  package func status() -> SupervisorStatus {
    SupervisorStatus(
      startedAt: startedAt, lastHeartbeat: heartbeats.last, heartbeatCount: heartbeats.count,
      nextHeartbeat: heartbeats.next,
      counts: counts, line: counts.line,
      troubles: knownFailures.sorted() + (saveFailure.map { [Self.unwritten($0)] } ?? [])
        + (isThrottled ? ["agents are slowed down, for together they use up their memory"] : []))
  }

  /// Goes on with other settings from the next turn on. Jobs under way end as they began.
  package func adopt(world: any TownWorld, policy: Policy) {
    self.world = world
    rules = TownRules(policy: policy)
    post(.look)
  }

  /// The town and the settings as the last reload has left them: what an explanation is to go by.
  package func present() -> (world: any TownWorld, policy: Policy) { (world, rules.policy) }

  /// What the last turn decided about everybody.
  package func lastFindings() -> [Finding] { findings }
}
