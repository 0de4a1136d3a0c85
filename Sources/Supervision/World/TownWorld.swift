// SPDX-License-Identifier: Apache-2.0

package import Town

/// Everything that the supervisor does to the world, and all that it learns of it. The one door:
/// what stands behind it in tests is a model, and the supervisor cannot tell.
///
/// The calls that end within a turn's time are ``look(beads:)``, ``screens(of:)`` and the records;
/// everything else is slow, has deadlines of its own, and is called by jobs beside the loop.
package protocol TownWorld: TownFacts, TownEvidence, TownConfinement {
  /// The wall clock's time.
  func now() -> Timestamp

  /// Waits until ``uptime()`` is `due`; a wall clock that is set meanwhile does not matter. A suspended machine's
  /// time counts too: it is late already when it wakes.
  @concurrent func sleep(until due: Duration) async throws

  /// The time since boot in which the machine ran: the monotonic clock.
  func uptime() -> Duration

  /// Returns when the wall clock was set, or the machine has woken from a suspend.
  @concurrent func waitForClockStep() async throws

  /// Reads the agent beads of every database of the town, and the Deacon's mail.
  ///
  /// - Parameter hooks: beads on hooks that are known to be over, to be read again with them.
  @concurrent func readBeads(hooks: [String]) async -> BeadReadings

  /// Looks at tmux, the processes and the town's files, and puts them together with what was read of
  /// the beads.
  ///
  /// - Parameter lives: by session, the agents that were alive when the town was last looked at. One whose process
  ///   still runs is not dead, whatever tmux shows.
  @concurrent func look(beads: BeadReadings, lives: KnownLives) async -> TownSnapshot

  /// Returns when a life has ended, at once where it has; without looking again and again.
  @concurrent func waitForEnd(of life: ProcessLife) async throws

  /// Returns when a tmux server's process has ended, at once where it has.
  @concurrent func waitForEnd(of server: ServerIdentity) async throws

  /// Reads beads afresh, all at once.
  @concurrent func readAfresh(_ ids: [String]) async -> [String: Reading<Bead?>]

  /// Starts an agent, after a last look at what might forbid it.
  @concurrent func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome

  /// Ends an agent's process, and removes its session. Only what is that very life is ended.
  @concurrent func end(_ agent: AgentIdentity, liveness: Liveness) async -> EndOutcome

  /// Marks the pane of an agent that others have started, after a last look; the agent is not touched.
  @concurrent func adopt(_ order: AdoptionRule.Order) async -> AdoptionRule.Outcome

  /// Writes into an agent's bead, in the database that holds it, that the agent is dead.
  ///
  /// - Throws: an error that says what went wrong.
  @concurrent func mark(_ order: MarkOrder) async throws

  /// What the panes in which agents live show, by session. A session that cannot be read is missing.
  @concurrent func screens(of lives: [String: ProcessLife]) async -> [String: PaneScreen]

  /// Tells an agent to begin, and sees that it was submitted.
  ///
  /// - Throws: an error that says what went wrong.
  @concurrent func begin(_ agent: AgentIdentity, life: ProcessLife) async throws

  /// Takes a message out of the Deacon's inbox; one that is out already is no error.
  ///
  /// - Throws: an error that says what went wrong.
  @concurrent func closeMail(_ id: String) async throws

  /// Takes requests out of an agent's state.json: their keys and `requesting_time` go, every other key stays, and so
  /// does a newer request.
  ///
  /// - Throws: an error that says what went wrong; then the file is as it was.
  @concurrent func clearRequest(_ withdrawals: [Withdrawal], of agent: AgentIdentity) async throws

  /// Sends a message to all of its recipients.
  ///
  /// - Throws: ``Undeliverable`` where it need not be tried again; else an error that says what went wrong.
  @concurrent func send(_ notice: Notice) async throws

  /// Runs the command that is to be told of what a person should know, once.
  ///
  /// - Throws: an error that says what went wrong.
  @concurrent func announce(_ announcement: Announcement) async throws

  /// Records or takes back a person's decision.
  func setHold(_ hold: Hold?, on agent: AgentIdentity) throws

  /// What was remembered.
  ///
  /// - Parameter settingAside: whether a file that makes no sense is moved out of the way, so that
  ///   nothing of it is lost when the next is written. It is an error all the same.
  func loadLedger(settingAside: Bool) throws -> Ledger
  func save(_ ledger: Ledger) throws
  func loadPendingSpawns(settingAside: Bool) throws -> [PendingSpawn]
  func save(_ pending: [PendingSpawn]) throws
  /// Writes down that a beat has ended.
  func saveHeartbeat(at time: Timestamp, count: Int) throws
}

/// What was read of the agents' beads at one time.
package struct BeadReadings: Sendable {
  /// Beads by id.
  package var beads: [String: Bead]
  /// Beads on hooks, as far as they have been read.
  package var hooks: [String: Bead] = [:]
  /// What came of reading beads on hooks since the agents' beads were.
  package var hookReadings: [String: Reading<Bead?>] = [:]
  /// For an id that no database has: whether that is known.
  package var missing: @Sendable (String) -> Reading<Bead?>
  /// Why a store or one of its databases could not be read.
  package var failures: [String]
  /// What a person should know of what the store has answered.
  package var remarks: [String] = []
  /// The unread messages to the Deacon, oldest first.
  package var inbox: Reading<[Message]> = .known([])
  /// Whether nothing at all could be read.
  package var isBlind = false

  package init(
    beads: [String: Bead], failures: [String] = [], missing: @escaping @Sendable (String) -> Reading<Bead?>
  ) {
    self.beads = beads
    self.failures = failures
    self.missing = missing
  }

  /// Before the first reading nothing is known.
  package static let none = BeadReadings(beads: [:]) { _ in .unknown("the beads have not been read yet") }

  /// A reading that failed as a whole.
  package static func blind(_ reason: String) -> BeadReadings {
    var readings = BeadReadings(beads: [:], failures: [reason]) { _ in .unknown(reason) }
    readings.isBlind = true
    readings.inbox = .unknown(reason)
    return readings
  }

  /// The bead on an agent's hook, where it has been read.
  package func work(of agent: AgentIdentity) -> Bead? {
    bead(of: agent).value.flatMap { $0?.hookBead }.flatMap { hooks[$0] }
  }

  /// What came of reading the bead on an agent's hook; `nil` where that was not tried.
  package func hooked(of agent: AgentIdentity) -> Reading<Bead?>? {
    guard let hook = bead(of: agent).value.flatMap({ $0?.hookBead }) else { return nil }
    return hooks[hook].map { .known($0) } ?? hookReadings[hook]
  }

  /// Takes in what was read of beads on hooks.
  package mutating func take(hooks ids: [String], readings: [String: Reading<Bead?>]) {
    for id in ids {
      let reading = readings[id] ?? .unknown("\(displayable(id)) was not read")
      hookReadings[id] = reading
      if case .known(let bead) = reading { hooks[id] = bead }
    }
  }

  /// Takes in what was read afresh for a start. Returns what could not be read, with the reason.
  package mutating func take(
    fresh readings: [String: Reading<Bead?>], of agent: AgentIdentity, hook: String?
  ) -> String? {
    var found: Bead?
    for id in agent.beads {
      switch readings[id] {
      case .known(let bead?)?: found = found ?? bead
      case .known(nil)?: beads[id] = nil
      case .unknown(let reason)?: return reason
      case nil: return "\(id) was not read"
      }
    }
    if let found { beads[found.id] = found }
    guard let hook else { return nil }
    switch readings[hook] {
    case .known(let bead)?: hooks[hook] = bead
    case .unknown(let reason)?: return reason
    case nil: return "\(displayable(hook)) was not read"
    }
    return nil
  }

  /// An agent's bead, under any of its ids.
  package func bead(of agent: AgentIdentity) -> Reading<Bead?> {
    for id in agent.beads {
      if let bead = beads[id] { return .known(bead) }
    }
    for id in agent.beads {
      if case .unknown(let reason) = missing(id) { return .unknown(reason) }
    }
    return .known(nil)
  }
}

extension TownSnapshot {
  /// The same look, with what is now known of the beads.
  package func taking(_ beads: BeadReadings, at time: Timestamp) -> TownSnapshot {
    var snapshot = self
    snapshot.time = time
    snapshot.mended = []
    for index in snapshot.agents.indices {
      let agent = snapshot.agents[index].agent
      snapshot.agents[index].bead = beads.bead(of: agent)
      snapshot.agents[index].work = beads.work(of: agent)
      snapshot.agents[index].hooked = beads.hooked(of: agent)
    }
    return snapshot
  }
}

/// What became of ending an agent.
package enum EndOutcome: Sendable, Hashable {
  /// Nothing of it runs any longer.
  case ended(String)
  case failed(String)
}

extension TownWorld {
  /// Waits for so long, counted from now.
  @concurrent package func sleep(for duration: Duration) async throws { try await sleep(until: uptime() + duration) }
}
