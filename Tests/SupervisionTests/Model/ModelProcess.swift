// SPDX-License-Identifier: Apache-2.0

import Logging
import Supervision
import Synchronization
import Testing
@testable import Town

/// One process of the daemon in a model town: its supervisor's only door. Once killed, nothing that
/// it does has any effect.
final class ModelProcess: TownWorld {
  let town: ModelTown
  private let isKilled = Mutex(false)
  /// How many effects are left to it; `nil` where it is not to die of itself.
  private let fuse: Mutex<Int?>

  /// - Parameter effects: it is killed just before the effect that follows so many others.
  init(_ town: ModelTown, effects: Int? = nil) {
    self.town = town
    fuse = Mutex(effects)
  }

  /// Whether it was killed, by itself or by a test.
  var isDead: Bool { !lives }

  /// Whether the process lives to have this effect.
  func reaches() -> Bool {
    let burns = fuse.withLock { fuse in
      guard let left = fuse else { return false }
      fuse = left - 1
      return left <= 0
    }
    if burns { kill() }
    return lives
  }

  /// As `kill -9` does: at once, and without a word.
  func kill() {
    isKilled.withLock { $0 = true }
    // Whoever waits for something of it waits in vain.
    town.with { _ in }
  }

  var lives: Bool { isKilled.withLock { !$0 } }

  func note(_ call: ModelTown.Call) { if lives { town.note(call) } }

  func now() -> Timestamp { town.with { $0.now } }
  func uptime() -> Duration { town.with { $0.uptime } }
  @concurrent func sleep(until due: Duration) async throws { try await town.sleep(until: due) }

  @concurrent func readBeads(hooks: [String]) async -> BeadReadings {
    note(.readBeads)
    await town.pass(.readBeads)
    return town.with { state in
      if let failure = state.beadFailure { return .blind(failure) }
      var readings = BeadReadings(beads: state.beads.filter { $0.value.type == "agent" }) { _ in .known(nil) }
      readings.inbox = state.inboxFailure.map { .unknown($0) } ?? .known(state.inbox)
      readings.remarks = state.doubts
      readings.hooks = state.beads.filter { hooks.contains($0.key) }
      return readings
    }
  }

  @concurrent func look(beads: BeadReadings, lives: KnownLives) async -> TownSnapshot {
    note(.look)
    await town.pass(.look)
    return town.with { state in
      var snapshot = TownSnapshot(
        time: state.now, boot: ModelTown.boot, registryFailure: state.registryFailure, rigs: state.rigs,
        agents: state.agents.map { agent in
          AgentObservation(
            agent: agent, liveness: state.sessions[agent.session] ?? .absent, bead: beads.bead(of: agent),
            work: beads.work(of: agent), hooked: beads.hooked(of: agent), hold: state.holds[agent] ?? .known(nil),
            hasDirectory: !state.missingDirectories.contains(agent))
        }, servers: state.servers, failures: beads.failures)
      snapshot.tmuxFailure = state.tmuxFailure
      snapshot.host = state.host
      snapshot.missingCommands = state.missingCommands
      snapshot.otherTmuxFailure = state.otherTmuxFailure
      return snapshot
    }
  }

  /// Nobody's end is noticed by itself, where a test has not said so: the tests say when the supervisor looks.
  @concurrent func waitForEnd(of life: ProcessLife) async throws {
    await town.wait { state in
      state.noticesEnds && !state.sessions.values.contains { $0.life == life }
    }
    try Task.checkCancellation()
  }

  @concurrent func waitForClockStep() async throws {
    let former = town.with { $0.clockSteps }
    await town.wait { $0.clockSteps > former }
    try Task.checkCancellation()
  }

  @concurrent func waitForEnd(of server: ServerIdentity) async throws {
    await town.wait { $0.endedServers.contains(server) }
    try Task.checkCancellation()
  }

  @concurrent func readAfresh(_ ids: [String]) async -> [String: Reading<Bead?>] {
    note(.readAfresh(ids))
    await town.pass(.readAfresh)
    return town.with { state in
      Dictionary(
        uniqueKeysWithValues: ids.map { id in
          (id, state.beadFailure.map { .unknown($0) } ?? .known(state.beads[id]))
        })
    }
  }

  @concurrent func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome {
    note(.launch(order.agent.session))
    await town.pass(.launch)
    guard reaches() else { return .failed("the daemon is dead") }
    let outcome: LaunchRule.Outcome
    if let other = town.with({ $0.outcomes[order.agent] }) {
      outcome = other
    } else if case .known(nil) = town.with({ $0.holds[order.agent] ?? .known(nil) }) {
      outcome =
        town.spawn(order.agent).map { .launched($0, warnings: []) } ?? .declined("tmux says that it is there already")
    } else {
      outcome = .declined("it is held")
    }
    await town.pass(.launched)
    return outcome
  }

  @concurrent func end(_ agent: AgentIdentity, liveness: Liveness) async -> EndOutcome {
    note(.end(agent.session))
    await town.pass(.end)
    guard reaches() else { return .failed("the daemon is dead") }
    let outcome: EndOutcome = town.with { state in
      if let failure = state.endFailure { return .failed(failure) }
      switch liveness {
      case .unknown(let reason): return .failed(reason)
      case .absent: return .ended("it was not running")
      case .alive, .dead, .deadShell:
        state.sessions[agent.session] = nil
        return .ended("it ended when asked")
      }
    }
    await town.pass(.ended)
    return outcome
  }

  @concurrent func closeMail(_ id: String) async throws {
    note(.closeMail(id))
    await town.pass(.closeMail)
    if let failure = town.with({ $0.closeFailure }) { throw ModelTown.SaveFailure(description: failure) }
    guard reaches() else { throw ModelTown.SaveFailure(description: "the daemon is dead") }
    town.with { state in state.inbox.removeAll { $0.id == id } }
    await town.pass(.closedMail)
  }

  @concurrent func clearRequest(_ withdrawals: [Withdrawal], of agent: AgentIdentity) async throws {
    for withdrawal in withdrawals { note(.clearRequest(agent.session, withdrawal.action)) }
    await town.pass(.clearRequest)
    if let failure = town.with({ $0.clearFailure }) { throw ModelTown.SaveFailure(description: failure) }
    guard reaches() else { return }
    town.with { state in
      guard case .known(let members?)? = state.stateFiles[agent] else { return }
      state.stateFiles[agent] = .known(members.without(withdrawals))
    }
  }

  func state(of agent: AgentIdentity) -> Reading<[String: JSONValue]?> {
    town.with { $0.stateFiles[agent] ?? .known(nil) }
  }

  @concurrent func adopt(_ order: AdoptionRule.Order) async -> AdoptionRule.Outcome {
    note(.adopt(order.agent.session))
    await town.pass(.adopt)
    guard lives else { return .failed("the daemon is dead") }
    return town.with { state in
      if let outcome = state.adoption { return outcome }
      guard case .alive(order.life, var place)? = state.sessions[order.agent.session] else {
        return .declined("it does not run there any more")
      }
      (place.isMarked, place.isAdopted) = (true, true)
      state.sessions[order.agent.session] = .alive(order.life, place: place)
      return .adopted
    }
  }

  @concurrent func screens(of lives: [String: ProcessLife]) async -> [String: PaneScreen] {
    town.with { state in state.screens.filter { lives[$0.key] != nil }.mapValues { PaneScreen(printed: $0) } }
  }

  @concurrent func begin(_ agent: AgentIdentity, life: ProcessLife) async throws {
    guard reaches() else { throw ModelTown.SaveFailure(description: "the daemon is dead") }
    note(.begin(agent.session))
    await town.pass(.begin)
    if let failure = town.with({ $0.beginFailure }) { throw ModelTown.SaveFailure(description: failure) }
  }

  @concurrent func mark(_ order: MarkOrder) async throws {
    note(.mark(order.bead))
    await town.pass(.mark)
    if let failure = town.with({ $0.markFailure }) { throw ModelTown.SaveFailure(description: failure) }
    guard lives else { return }
    town.with { state in
      guard var bead = state.beads[order.bead] else { return }
      var fields = AgentFields(description: bead.description)
      fields.set(.agentState, to: AgentState.dead.rawValue)
      bead.description = fields.description
      bead.updatedAt = state.now
      state.beads[order.bead] = bead
    }
  }

  @concurrent func send(_ notice: Notice) async throws {
    note(.send(notice.key, subject: notice.subject))
    town.with { $0.sending = ($0.sending.now + 1, max($0.sending.most, $0.sending.now + 1)) }
    defer { town.with { $0.sending.now -= 1 } }
    await town.pass(.send)
    if let reason = town.with({ $0.undeliverable }) { throw Undeliverable(reason) }
    if let failure = town.with({ $0.sendFailure }) { throw ModelTown.SaveFailure(description: failure) }
    if lives { town.with { $0.notices.append(notice) } }
  }

  var announces: Bool { town.with { $0.announces } }

  @concurrent func announce(_ announcement: Announcement) async throws {
    note(.announce(announcement.event, announcement.session))
    await town.pass(.announce)
    if let failure = town.with({ $0.announceFailure }) { throw ModelTown.SaveFailure(description: failure) }
  }

  func setHold(_ hold: Hold?, on agent: AgentIdentity) throws {
    try checkSaving()
    if reaches() { town.with { $0.holds[agent] = hold.map { .known($0) } } }
  }

  func loadLedger(settingAside: Bool) throws -> Ledger { town.with { $0.ledger } }
  func loadPendingSpawns(settingAside: Bool) throws -> [PendingSpawn] { town.with { $0.pending } }
  func lastActivity() -> Timestamp? { nil }

  func save(_ ledger: Ledger) throws {
    try checkSaving()
    if reaches() { town.with { $0.ledger = ledger } }
    note(.saveLedger)
  }

  func save(_ pending: [PendingSpawn]) throws {
    try checkSaving()
    if reaches() { town.with { $0.pending = pending } }
    note(.savePending)
  }

  func saveHeartbeat(at time: Timestamp, count: Int) throws {
    try checkSaving()
    if lives { town.with { $0.heartbeats += 1 } }
  }

  private func checkSaving() throws {
    if let failure = town.with({ $0.saveFailure }) { throw ModelTown.SaveFailure(description: failure) }
  }
}

extension ModelProcess {
  var journal: EventJournal {
    EventJournal(logger: Logger(label: "model") { _ in ModelJournal(process: self) }, town: "/model")
  }

  var reports: SupervisorReports {
    SupervisorReports(
      ready: { _ in self.note(.ready) }, status: { _ in self.note(.status) }, watchdog: { self.note(.watchdog) },
      broken: { self.note(.broken($0)) },
      tenure: { self.town.with { $0.tenure } })
  }

  /// Events and errors, as the journal would have them.
  private struct ModelJournal: LogHandler {
    let process: ModelProcess
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = event.metadata ?? [:]
      if let kind = fields["GT_EVENT"].flatMap({ EventKind(rawValue: "\($0)") }) {
        let missing = kind.fields.subtracting(fields.keys)
        if !missing.isEmpty { Issue.record("\(kind.rawValue) lacks \(missing.sorted()): \(event.message)") }
        guard process.reaches() else { return }
        // What a daemon was killed before it could note as told, the next tells again, with the same id.
        let id = fields[EventJournal.idField].map { "\($0)" }
        let isNew = process.town.with { state in id.map { state.told.insert($0).inserted } ?? true }
        guard isNew else { return process.note(.remark("told again: \(kind.rawValue)")) }
        process.town.with { $0.entries.append(fields.mapValues { "\($0)" }) }
        process.note(.event(kind, fields["GT_SESSION"].map { "\($0)" }))
      } else if event.level < .warning {
        process.note(.remark("\(event.message)"))
      } else {
        process.note(.error("\(event.message)"))
      }
    }
  }
}
