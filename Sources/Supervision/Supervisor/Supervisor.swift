// SPDX-License-Identifier: Apache-2.0

import Commands
import Systemd
package import Town

/// The one owner of a town's turns: it looks at the town, has ``SupervisionState`` decide, writes the decision down, and
/// performs it. Turns never overlap, and none waits for anything slow; slow work runs in jobs beside the loop, and their
/// ends are events.
package actor Supervisor {
  /// How much of a supervisor's work is done.
  package enum Mode: Sendable {
    /// All of it.
    case town
    /// Only what people command. A person who starts one agent by hand, with the daemon stopped, does
    /// not want the whole town started. The deaths of other agents are left to the daemon to find and to report; that of
    /// the agent itself is recorded, since its next life takes the place of that.
    case commands
  }

  private let mode: Mode
  private var world: any TownWorld
  private let journal: EventJournal
  private let reports: SupervisorReports
  /// Where all of its tasks run; `nil` for the threads of the concurrency pool.
  private let executor: (any TaskExecutor)?
  private var state: SupervisionState

  // What is under way.
  private var jobs: [Int: Task<Void, Never>] = [:]
  private lazy var watchers = Watchers(executor: executor) { [weak self] event in await self?.post(event) }
  private var timer: Task<Void, Never>?
  private var retelling: Task<Void, Never>?
  private lazy var inquiries = Inquiries(executor: executor)

  // Callers that wait for an answer, by number.
  private var tickets: [Int: CommandTicket] = [:]
  private var beatCallers: [Int: CheckedContinuation<Void, Never>] = [:]
  private var lastNumber = 0

  private var inbox: [SupervisorEvent] = []
  private var waiter: CheckedContinuation<Void, Never>?
  private var turnBegan: Duration?
  private var isStopping = false
  /// Whether something was found that must never be so: then this process does nothing more.
  private var isBroken = false

  /// Where the answer to a command goes.
  private struct CommandTicket: Sendable {
    let continuation: CheckedContinuation<CommandOutcome, any Error>
    /// Whether the client that gave the command still waits for its outcome.
    let isAwaited: @Sendable () -> Bool
  }

  package init(
    world: any TownWorld, policy: Policy, journal: EventJournal, mode: Mode = .town,
    reports: SupervisorReports = .init(), executor: (any TaskExecutor)? = nil
  ) {
    self.world = world
    self.mode = mode
    self.journal = journal
    self.reports = reports
    self.executor = executor
    state = SupervisionState(
      mode: mode, policy: policy, facts: world, now: world.now(), uptime: world.uptime(),
      hasReceipts: journal.receipts != nil)
  }

  /// Supervises until ``stop()`` is called or the task is cancelled.
  package func run() async {
    await withTaskCancellationHandler {
      recall()
      journal.receipts?.listen { [weak self] in
        Task { await self?.post(.journalled) }
      }
      if mode == .town { state.beats.want() }
      // The first look does not wait for the beads: a store that hangs must not keep the service from
      // becoming ready.
      if mode == .town { watchers.watchClock(in: world) }
      await turn([.timer])
      reports.ready(state.counts.line)
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

  private func post(_ event: SupervisorEvent) {
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

  /// A watchdog's question, the end of gathering evidence and what concerns control groups cost no turn; anything else is
  /// one, however many events it answers.
  private func handle(_ events: [SupervisorEvent]) async {
    var isAsked = false
    var isToldOf = false
    for event in events {
      switch event {
      case .watchdog: isAsked = true
      case .journalled: isToldOf = true
      case .tellAgain: retelling = nil
      case .finished(let job, let outcome):
        jobs[job] = nil
        if case .gathered(let reports, _, _) = outcome { inquiries.forgetLastWords(of: reports) }
      case .beat, .timer, .look, .died, .serverDied, .command, .told, .stop: break
      }
    }
    let causes = state.takeWithoutTurn(events, uptime: world.uptime())
    perform()
    if causes.isEmpty {
      if let ledger = state.ledgerWithNewGroups() { keep(ledger) }
    } else {
      await turn(causes)
    }
    if isToldOf { takeReceipts() }
    if jobs.isEmpty, let ledger = state.ledgerWithReceipts() { keep(ledger) }
    state.notePressure(at: world.uptime())
    perform()
    if isAsked, !isBroken, health().isWell { reports.watchdog() }
  }

  /// One pass of observe, decide, record, act.
  private func turn(_ events: [SupervisorEvent]) async {
    guard holds(turnBegan == nil ? nil : "two turns overlap"), keepsTenure() else { return }
    turnBegan = world.uptime()
    defer { turnBegan = nil }
    let budgetEnd = ContinuousClock.now + SupervisorHealth.turnBudget
    takeReceipts()
    var draft = state.begin(events, now: world.now(), uptime: world.uptime())
    report()
    let look = await look(for: draft, budgetEnd: budgetEnd)
    var circumstances = TurnCircumstances()
    circumstances.abandoned = Set(tickets.filter { !$0.value.isAwaited() }.keys)
    for stop in state.stops(in: draft, look: look, abandoned: circumstances.abandoned) {
      circumstances.unwrittenStops[stop.ticket] = failure { try world.setHold(stop.hold, on: stop.agent) }
    }
    let breach = state.decide(&draft, look: look, given: circumstances, uptime: world.uptime())
    report()
    guard holds(breach) else { return }
    var screens: [String: PaneScreen] = [:]
    if !draft.screensWanted.isEmpty {
      let lives = draft.screensWanted
      screens = await CommandBudget.$end.withValue(budgetEnd) { await world.screens(of: lives) }
    }
    let records = state.complete(&draft, screens: screens, uptime: world.uptime())
    report()
    let failure = write(records)
    state.settle(draft, failure: failure, uptime: world.uptime())
    report()
    if failure == nil { liftStops() }
    reports.status(state.counts.line)
    perform(watching: look.snapshot)
    armTimer()
  }

  /// Looks at the town, or takes the last look where that serves.
  ///
  /// All that a turn asks tmux shares one budget: servers that are slow, but answer each question in time, must not make
  /// the turn so long that the service manager takes this process for stuck.
  private func look(for draft: TurnDraft, budgetEnd: ContinuousClock.Instant) async -> Look {
    if let look = state.lastLook(for: draft) { return look }
    let (beads, lives) = (state.beads, draft.plan.ledger.knownLives)
    let snapshot = await CommandBudget.$end.withValue(budgetEnd) { await world.look(beads: beads, lives: lives) }
    return state.look(snapshot)
  }

  /// Sleeps until the heartbeat, or until some decision wants another look.
  private func armTimer() {
    timer?.cancel()
    let world = self.world
    let uptime = world.uptime()
    let due = uptime + state.pause(at: uptime)
    timer = Task(executorPreference: executor) { [weak self] in
      guard (try? await world.sleep(until: due)) != nil else { return }
      await self?.post(.timer)
    }
  }
}

// What is written.
extension Supervisor {
  private func recall() {
    do {
      state.recall(try world.loadLedger(settingAside: true))
    } catch {
      journal.error("the ledger cannot be read, so all counts begin anew: \(error)")
    }
    do {
      state.recall(try world.loadPendingSpawns(settingAside: true))
    } catch {
      journal.error("the pending spawns cannot be read: \(error)")
    }
  }

  /// Why something could not be done; `nil` where it was.
  private func failure(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Writes down what was decided, before any of it is done; why that could not be.
  private func write(_ records: TurnRecords) -> String? {
    let failure = failure {
      if let pending = records.pending {
        try world.save(pending)
        state.noteSaved(pending)
      }
      if let ledger = records.ledger {
        try world.save(ledger)
        state.noteSaved(ledger)
      }
    }
    if let (time, count) = records.heartbeat {
      state.noteHeartbeatSaved(failure: self.failure { try world.saveHeartbeat(at: time, count: count) })
    }
    return failure
  }

  /// Writes the ledger between turns.
  private func keep(_ ledger: Ledger) {
    if failure({ try world.save(ledger) }) == nil { state.noteSaved(ledger) }
  }

  /// Takes stops back, now that it is written down which agents are started.
  private func liftStops() {
    for lift in state.commands.takeLifts() {
      state.noteLifted(lift, failure: failure { try world.setHold(nil, on: lift.agent) })
    }
  }
}

// What is done.
extension Supervisor {
  /// Writes to the journal what there is to be said by now.
  private func report() { journal.write(state.journal.takeAll()) }

  /// Carries out what was decided since the last call.
  ///
  /// - Parameter snapshot: the agents that are to be watched from now on; `nil` where that does not change.
  private func perform(watching snapshot: TownSnapshot? = nil) {
    report()
    let directives = state.takeDirectives()
    if !directives.history.isEmpty {
      state.noteHistory(failure: failure { try world.append(directives.history) })
      report()
    }
    for (ticket, result) in directives.answers {
      tickets.removeValue(forKey: ticket)?.continuation.resume(with: result)
    }
    for life in directives.regrouped { watchers.recount(life, in: world) }
    // Read now: what a dead agent has left is cleared up soon, and the group goes.
    let memory = memory(of: directives.starts)
    if let snapshot, mode == .town { watchers.watch(snapshot, ledger: state.ledger, in: world) }
    // What a turn had begun to decide that found a breach is not done either.
    for var start in directives.starts where !isBroken {
      start.circumstances.memory = memory
      begin(start)
    }
    for caller in directives.endedBeats { beatCallers.removeValue(forKey: caller)?.resume() }
  }

  /// What the kernel has counted of the memory of the dead whose evidence is gathered, by the ids of their deaths.
  private func memory(of starts: [Directives.Start]) -> [String: MemoryEvents] {
    var memory: [String: MemoryEvents] = [:]
    for start in starts {
      guard case .gather(let evidence) = start.effect else { continue }
      for death in evidence.map(\.report) {
        memory[death.id] = death.life.flatMap { watchers.memory(of: $0, in: world) }
      }
    }
    return memory
  }

  private func begin(_ start: Directives.Start) {
    let circumstances = inquiries.circumstances(of: start, protecting: protectedProcesses, in: world)
    let performer = Performer(world: world, journal: journal, policy: state.rules.policy) {
      [weak self] notice, delivery in
      await self?.post(.told(notice, delivery))
    }
    jobs[start.job] = Task(executorPreference: executor) { [weak self] in
      if start.delay > .zero { try? await performer.world.sleep(for: start.delay) }
      if Task.isCancelled { return }
      let outcome = await performer.perform(start.effect, in: circumstances)
      await self?.post(.finished(job: start.job, outcome))
    }
  }

  /// The processes that live: no clearing up may hurt one of these, wherever it has come to be.
  private var protectedProcesses: Set<Int32> {
    // A supervisor that only carries out commands watches no agent.
    let agents = mode == .town ? watchers.agentPIDs : Set(state.ledger.agents.values.compactMap { $0.life?.pid })
    return agents.union(watchers.serverPIDs)
  }

  private func leave() {
    isStopping = true
    timer?.cancel()
    watchers.stop()
    for job in jobs.values { job.cancel() }
    perform()
    for (ticket, refusal) in state.commands.close() {
      tickets.removeValue(forKey: ticket)?.continuation.resume(throwing: refusal)
    }
    for event in inbox { dismiss(event) }
    inbox = []
    // Those of a turn that a breach has ended.
    for ticket in tickets.keys { dismiss(ticket) }
    for caller in beatCallers.values { caller.resume() }
    beatCallers = [:]
  }

  /// Answers a command that no turn will take in.
  private func dismiss(_ event: SupervisorEvent) {
    if case .command(_, let ticket) = event { dismiss(ticket) }
  }

  private func dismiss(_ ticket: Int) {
    tickets.removeValue(forKey: ticket)?.continuation.resume(throwing: CommandRefusal("the daemon is stopping"))
  }
}

// The journal's receipts.
extension Supervisor {
  /// How soon the journal is given again what it has not taken.
  private static let retellingPause: Duration = .seconds(30)
  /// How long a supervisor that stops waits for the journal.
  private static let farewell: Duration = .seconds(1)

  /// Takes what the journal has taken out of the ledger.
  private func takeReceipts() {
    guard let receipts = journal.receipts else { return }
    let (written, lost) = receipts.take()
    state.noteReceipts(written: written, lost: lost)
    guard !lost.isEmpty, retelling == nil else { return }
    let world = self.world
    retelling = Task(executorPreference: executor) { [weak self] in
      guard (try? await world.sleep(for: Self.retellingPause)) != nil else { return }
      await self?.post(.tellAgain)
    }
  }

  /// Waits a moment for the journal, and writes down what it has taken, so that the next supervisor need not tell it again.
  private func settleReceipts() async {
    if let receipts = journal.receipts {
      receipts.listen(nil)
      let end = world.uptime() + Self.farewell
      takeReceipts()
      while state.awaitsReceipts, world.uptime() < end {
        guard (try? await world.sleep(for: .milliseconds(10))) != nil else { break }
        takeReceipts()
      }
    }
    retelling?.cancel()
    if let ledger = state.ledgerWithReceipts() { keep(ledger) }
  }
}

// What must never be so, whatever the world does: where it is, this process is not to be trusted any more. It does
// nothing further, says what it was, and has the service manager put another in its place.
extension Supervisor {
  /// Whether nothing is broken; where something is, that is reported, once, and the caller does nothing more.
  private func holds(_ breach: String?) -> Bool {
    guard !isBroken else { return false }
    guard let breach else { return true }
    breakOff("a fault of the daemon itself: \(breach)")
    return false
  }

  /// Sees whether the town is still this supervisor's alone. Another one in its place would start each agent a second
  /// time.
  private func keepsTenure() -> Bool {
    switch reports.tenure() {
    case .kept:
      state.noteTenure(nil)
      return true
    case .remarkable(let remark):
      state.noteTenure(remark)
      return true
    case .lost(let reason):
      guard !isBroken else { return false }
      breakOff(reason)
      return false
    }
  }

  private func breakOff(_ reason: String) {
    isBroken = true
    let message = "\(reason); nothing more is done by this process"
    journal.error(message)
    reports.broken(message)
    // The caller that waits for a command must not wait for ever: there is no service manager to end this.
    if mode == .commands { post(.stop) }
  }
}

// What others ask of it.
extension Supervisor {
  private func number() -> Int {
    lastNumber += 1
    return lastNumber
  }

  /// One whole beat: returns when its outcome has been acted upon and recorded.
  package func beat() async {
    guard !isStopping else { return }
    await withCheckedContinuation { continuation in
      let caller = number()
      beatCallers[caller] = continuation
      state.beats.add(caller)
      post(.beat)
    }
  }

  /// A beat soon, because something may have changed. Does not wait for it.
  package func askBeat() {
    state.beats.want()
    post(.beat)
  }

  /// The service manager's question; answered through ``SupervisorReports/watchdog``, by the loop.
  package func askWatchdog() { post(.watchdog) }

  /// Carries out a person's command and returns when its outcome is recorded.
  ///
  /// - Parameter isAwaited: whether the person still waits for that. The command of a person who has given up is not begun.
  /// - Throws: ``CommandRefusal``.
  package func carryOut(
    _ command: PersonCommand, isAwaited: @escaping @Sendable () -> Bool = { true }
  ) async throws -> CommandOutcome {
    guard !isStopping else { throw CommandRefusal("the daemon is stopping") }
    try PersonCommand.check(who: command.who, why: command.why)
    return try await withCheckedThrowingContinuation { continuation in
      let ticket = number()
      tickets[ticket] = CommandTicket(continuation: continuation, isAwaited: isAwaited)
      post(.command(command, ticket: ticket))
    }
  }

  /// Lifecycle requests carried out and refused since this supervisor began.
  package func requests() -> RequestCounts { state.requestCounts }

  /// Why the Deacon's mail could not be read with the last beat; `nil` where it was.
  package func mailFailure() -> String? { state.beads.inbox.failure }

  package func health() -> SupervisorHealth {
    let uptime = world.uptime()
    return SupervisorHealth(
      turnAge: turnBegan.map { uptime - $0 }, overdueJobs: state.jobs.overdue(at: uptime),
      heartbeatCount: state.heartbeats.count)
  }

  package func status() -> SupervisorStatus { state.status }

  /// Goes on with other settings from the next turn on. Jobs under way end as they began.
  package func adopt(world: any TownWorld, policy: Policy) {
    self.world = world
    state.facts = world
    state.rules = TownRules(policy: policy)
    post(.look)
  }

  /// The town and the settings as the last reload has left them: what an explanation is to go by.
  package func present() -> (world: any TownWorld, policy: Policy) { (world, state.rules.policy) }

  /// What the last turn decided about every agent.
  package func lastFindings() -> [Finding] { state.findings }
}
