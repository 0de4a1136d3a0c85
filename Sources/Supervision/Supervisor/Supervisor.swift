// SPDX-License-Identifier: Apache-2.0

package import Town

/// The one owner of a town's turns: observe, decide, record, act. Turns never overlap, and none
/// waits for anything slow; slow work runs in jobs beside the loop, and their ends are events.
package actor Supervisor {
  /// How much of a supervisor's work is done.
  package enum Duty: Sendable {
    /// All of it.
    case town
    /// Only what people command. Somebody who starts one agent by hand, with the daemon stopped, does
    /// not want the whole town started; and deaths are left to the daemon to find and to tell.
    case commands
  }

  let duty: Duty
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
  var heartbeatCount = 0
  var lastHeartbeat: Timestamp?
  var nextHeartbeat: Timestamp?
  /// When that is on the clock that nobody sets.
  var heartbeatDue: Duration?
  /// What could not be read at the last look, so that it is said once and not every time.
  var knownFailures: Set<String> = []
  var saveFailure: String?
  /// Why the heartbeat could not be written down.
  var heartbeatFailure: String?
  /// When the screens of those who wait were last read.
  var screensRead: Duration?
  /// Why agents could not be told to begin, by session, for the same reason.
  var beginFailures: [String: String] = [:]

  /// The last words of the dead, on their way: nothing takes their panes before.
  var lastWords: [String: LastWords] = [:]
  /// What the kernel had counted of the memory of those who live, when they were first seen.
  var memory: [ProcessLife: MemoryEvents] = [:]
  var history = DecisionHistory()
  /// Why capsules and histories could not be written, so that it is said once.
  var evidenceFailure: String?
  var historyFailure: String?

  /// Why messages that are sent until they are through could not be, for the same reason.
  var unsent: [String: String] = [:]

  /// Whether everything is being ended, as it was asked when deaths were seen whose beads are read, by session.
  var endQuestions: [String: Task<Bool, Never>] = [:]
  /// Whether the ledger has groups that are not written down yet.
  var scopesHaveChanged = false
  /// Who stood still when that was last looked at, by session.
  var frozen: Set<String> = []
  /// When lives were to be put into control groups of their own and could not be, on the clock that nobody sets.
  var unconfined: [ProcessLife: Duration] = [:]
  /// Why that could not be done, so that it is said once.
  var confinementFailure: String?
  /// What the service manager keeps for the next process, as it was handed over.
  var kept: RuntimeState?
  /// Whether the limits of those who live are to be set anew.
  var limitsMayHaveChanged = false

  /// The boot that the last look was taken in.
  var boot: String?
  /// What the wall clock said when the one that nobody sets stood at zero, as this turn has found it.
  var zero: Timestamp

  /// Why lifecycle requests could not be carried out yet, by session or message, for the same reason.
  var requestFailures: [String: String] = [:]
  /// Agents that could not be ended for a person's restart: whether they have ended after all, the next
  /// look tells.
  var failedEnds: Set<String> = []
  /// Until when requests are not tried again, by session.
  var requestPauses: [String: Timestamp] = [:]
  /// Lifecycle requests carried out and refused so far.
  var requestCounts = RequestCounts()

  /// What was last seen.
  var lastLook: Sight?
  /// When those who wait to be told to begin were last looked after, by both clocks.
  var spawnsSeen: (time: Timestamp, uptime: Duration)?

  // What is under way.
  var jobs = JobTable()
  var watches: [ProcessLife: Task<Void, Never>] = [:]
  var serverWatches: [ServerIdentity: Task<Void, Never>] = [:]
  var timer: Task<Void, Never>?
  var turnBegan: Duration?
  var isReady = false
  var isStopping = false
  /// Whether something was found that must never be so.
  var isBroken = false
  /// Beats that were asked for: before the present reading of the beads, during it, and those whose
  /// turn was taken and whose jobs are still at work.
  var beatsToCome: [CheckedContinuation<Void, Never>] = []
  var beatsReading: [CheckedContinuation<Void, Never>] = []
  var beatsActing: [CheckedContinuation<Void, Never>] = []
  var wantsBeat = false
  /// When the mail is to be read again, because a request in it could not be judged.
  var mailDue: Duration?
  /// How long a request that cannot be judged waits for its next reading; it grows while nothing changes.
  var mailPause = TownRules.retry
  /// When the beads are to be read again, because not all of them could be.
  var beadsDue: Duration?
  /// How long that waits; it grows while nothing changes.
  var beadsPause = TownRules.retry
  /// When the beads were last read, or could not be.
  var lastReading: Duration?
  /// Agents whose beads could not be read afresh, until when they are not tried again, and why.
  var unreadable: [String: (until: Timestamp, reason: String)] = [:]
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
    world: any TownWorld, policy: Policy, journal: EventJournal, duty: Duty = .town,
    reports: SupervisorReports = .init(), recalled: RuntimeState? = nil, executor: (any TaskExecutor)? = nil
  ) {
    self.world = world
    self.duty = duty
    rules = TownRules(policy: policy)
    self.journal = journal
    self.reports = reports
    self.executor = executor
    startedAt = world.now()
    zero = startedAt + (.zero - world.uptime())
    memory = recalled?.memory ?? [:]
  }

  /// Supervises until ``stop()`` is called or the task is cancelled.
  package func run() async {
    await withTaskCancellationHandler {
      recall()
      wantsBeat = duty == .town
      // The first look does not wait for the beads: a store that hangs must not keep the service from
      // becoming ready.
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
    for event in events {
      switch event {
      case .watchdog: isAsked = true
      case .gathered(let job, let reports, let failure): finishGathering(job, of: reports, failure: failure)
      case .confined(let job, let agent, let life, let reading): finishConfining(job, agent, life, reading)
      case .swept(let job, let agent, let scope, let outcome): finishSweeping(job, agent, scope, outcome)
      default: causes.append(event)
      }
    }
    if causes.isEmpty { keepScopes() } else { await turn(causes) }
    if jobs.isEmpty { reports.rest() }
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
    for beat in beatsToCome + beatsReading + beatsActing { beat.resume() }
    beatsToCome = []
    beatsReading = []
    beatsActing = []
    deliverAnswers()
    for ticket in startTickets.values { ticket.continuation.resume(throwing: CommandRefusal("the daemon is stopping")) }
    startTickets = [:]
    for ticket in endTickets.values { ticket.continuation.resume(throwing: CommandRefusal("the daemon is stopping")) }
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
    case .beat, .timer, .look, .died, .serverDied, .watchdog, .stop, .beadsRead, .confirmed, .launched, .marked,
      .adopted, .ended, .hooksRead, .requestClaimed, .requestWithdrawn, .requestEnded, .mailClosed, .told, .announced,
      .begun, .gathered,
      .confined, .swept:
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
      beatsToCome.append(continuation)
      post(.beat)
    }
  }

  /// A beat soon, because something may have changed. Does not wait for it.
  package func askBeat() {
    wantsBeat = true
    post(.beat)
  }

  /// The service manager's question; answered through ``SupervisorReports/watchdog``, by the loop.
  package func askWatchdog() { post(.watchdog) }

  /// Carries out a person's command and returns when its outcome is recorded.
  ///
  /// - Throws: ``CommandRefusal``.
  package func carryOut(_ command: PersonCommand) async throws -> CommandOutcome {
    guard !isStopping else { throw CommandRefusal("the daemon is stopping") }
    return try await withCheckedThrowingContinuation { continuation in
      post(.command(command, CommandTicket(continuation: continuation)))
    }
  }

  /// Lifecycle requests carried out and refused since this supervisor began.
  package func requests() -> RequestCounts { requestCounts }

  package func health() -> SupervisorHealth {
    let uptime = world.uptime()
    return SupervisorHealth(
      turnAge: turnBegan.map { uptime - $0 }, overdueJobs: jobs.overdue(at: uptime), heartbeatCount: heartbeatCount)
  }

  package func status() -> SupervisorStatus {
    SupervisorStatus(
      startedAt: startedAt, lastHeartbeat: lastHeartbeat, heartbeatCount: heartbeatCount, nextHeartbeat: nextHeartbeat,
      counts: counts, line: counts.line,
      troubles: knownFailures.sorted() + (saveFailure.map { [Self.unwritten($0)] } ?? []))
  }

  /// Goes on with other settings from the next turn on. Jobs under way end as they began.
  package func adopt(world: any TownWorld, policy: Policy) {
    self.world = world
    rules = TownRules(policy: policy)
    limitsMayHaveChanged = true
    post(.look)
  }

  /// What the last turn decided about everybody.
  package func lastFindings() -> [Finding] { findings }
}
