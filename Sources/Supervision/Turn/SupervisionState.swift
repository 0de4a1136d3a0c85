// SPDX-License-Identifier: Apache-2.0

import Town

/// All that the supervision of a town remembers, and the only place where it is decided what is done. A value: it reads
/// the world through ``TownFacts``, changes nothing outside itself, and leaves what is to be done in ``directives`` and
/// ``journal``.
///
/// A turn goes through it in four steps: ``begin(_:now:uptime:)`` takes the events in, ``decide(_:look:given:uptime:)``
/// goes through the rules, ``complete(_:screens:uptime:)`` says what has to be written down, and
/// ``settle(_:failure:uptime:)`` releases the effects once that is written.
struct SupervisionState: Sendable {
  let mode: Supervisor.Mode
  let startedAt: Timestamp
  /// Whether the journal says which events it has taken.
  let hasReceipts: Bool
  var rules: TownRules
  var facts: any TownFacts

  // What the files hold.
  var ledger = Ledger()
  /// What the files are known to hold; what could not be written is tried again with every turn.
  var savedLedger = Ledger()
  var pending: [PendingSpawn] = []
  var savedPending: [PendingSpawn] = []
  /// Whether the ledger has groups that are not written down yet.
  var scopesHaveChanged = false
  var history = DecisionHistory()
  var outbox = Outbox()
  var delivery = JournalDelivery()

  // What was read and seen last.
  var beads = BeadReadings.none
  /// When the beads were last read, or could not be, in time since boot.
  var lastReading: Duration?
  var lastLook: Look?
  var findings: [Finding] = []
  var counts = AgentCounts()
  /// The agents that were frozen when that was last read, by session.
  var frozen: Set<String> = []
  /// Whether agents are slowed down because they use up their memory, as it was last told.
  var isThrottled = false

  // What was reported, so that it is reported once.
  /// What could not be read at the last look.
  var knownFailures: Set<String> = []
  /// What was doubtful in the store's answers.
  var knownDoubts: Set<String> = []
  var saveFailure: String?
  var complaints = Complaints()

  // Clocks.
  /// The boot that the last look was taken in.
  var boot: String?
  /// The wall-clock time at which the monotonic clock stood at zero, read once a turn.
  var bootTime: Timestamp
  /// The monotonic clock as the present step began.
  var uptime: Duration
  var heartbeats = Heartbeats()
  var beats = Beats()
  /// When the mail is to be read again, because a request in it could not be judged.
  var mailRetry = RetryTimer()
  /// When the beads are to be read again, because not all of them could be.
  var beadsRetry = RetryTimer()
  var freshReads = FreshReads()
  var confinementRetries = ConfinementRetries()
  /// When the screens of the agents that wait to be told to begin were last read.
  var screensRead: Duration?
  /// When those agents were last looked after, by both clocks.
  var spawnsSeen: (time: Timestamp, uptime: Duration)?
  /// Until when requests are not tried again, by session.
  var requestPauses: [String: Timestamp] = [:]

  // What is under way.
  var jobs = JobTable()
  var commands = CommandDesk()
  /// Agents that could not be ended for a person's restart: whether they have ended after all, the next look tells.
  var failedEnds: Set<String> = []
  /// Lifecycle requests carried out and refused so far.
  var requestCounts = RequestCounts()
  /// When some decision wants another look.
  var nextLook: Timestamp?
  /// Whether the first turn is over.
  var isReady = false

  /// What the supervisor is to do.
  var directives = Directives()
  /// What the supervisor is to write to the journal, also where nothing is to be done.
  var journal = JournalLines()

  init(
    mode: Supervisor.Mode, policy: Policy, facts: any TownFacts, now: Timestamp, uptime: Duration, hasReceipts: Bool
  ) {
    self.mode = mode
    self.facts = facts
    self.hasReceipts = hasReceipts
    self.uptime = uptime
    rules = TownRules(policy: policy)
    startedAt = now
    bootTime = now + (.zero - uptime)
  }

  /// What the supervisor is to do, once.
  mutating func takeDirectives() -> Directives {
    defer { directives = Directives() }
    return directives
  }
}

extension SupervisionState {
  /// Goes on with what a former supervisor has written down.
  mutating func recall(_ ledger: Ledger) {
    self.ledger = ledger
    savedLedger = ledger
  }

  mutating func recall(_ pending: [PendingSpawn]) {
    self.pending = pending
    savedPending = pending
  }

  /// Reports once what a person should know of the lock by which the town is this supervisor's alone; `nil` where there is
  /// nothing.
  mutating func noteTenure(_ remark: String?) {
    guard let remark else { return complaints.clear(.tenure) }
    if complaints.isNew(remark, about: .tenure) { journal.warning(remark) }
  }

  /// The state of the supervision, as people may ask for it.
  var status: SupervisorStatus {
    SupervisorStatus(
      startedAt: startedAt, lastHeartbeat: heartbeats.last, heartbeatCount: heartbeats.count,
      nextHeartbeat: heartbeats.next, counts: counts, line: counts.line,
      troubles: knownFailures.sorted() + (saveFailure.map { [Self.unwritten($0)] } ?? [])
        + (isThrottled ? ["agents are slowed down, for together they use up their memory"] : []))
  }
}
