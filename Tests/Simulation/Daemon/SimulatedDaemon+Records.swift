// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Supervision
import Town

// Files, mail, beads and evidence.
extension SimulatedDaemon {
  func loadLedger(settingAside: Bool) throws -> Ledger {
    guard reach(.loadLedger) else { throw DaemonDeath() }
    let isSpoilt = town.with { world -> Bool in
      guard world.has(.ledgerIsSpoilt) else { return false }
      if settingAside { world.loseLedger() }
      return true
    }
    if isSpoilt { throw SimulatedFailure("state.json makes no sense") }
    return try SimulatedDaemon.written(town.with { $0.ledger })
  }

  func loadPendingSpawns(settingAside: Bool) throws -> [PendingSpawn] {
    guard reach(.loadPending) else { throw DaemonDeath() }
    return try SimulatedDaemon.written(town.with { $0.pending })
  }

  /// What a file would have kept of it.
  private static func written<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
  }

  func save(_ ledger: Ledger) throws {
    try write(.saveLedger) { world in
      world.ledger = ledger
      world.inspectSaved()
    }
  }

  func save(_ pending: [PendingSpawn]) throws { try write(.savePending) { $0.pending = pending } }

  func saveHeartbeat(at time: Timestamp, count: Int) throws { try write(.saveHeartbeat, "\(count)") { _ in } }

  func setHold(_ hold: Hold?, on agent: AgentIdentity) throws {
    try write(.setHold, "\(agent.session) \(hold?.kind.rawValue ?? "none")") { world in
      if let number = world.index[agent.session] { world.hold(number, hold) }
    }
  }

  private func write(
    _ effect: Effect, _ subject: @autoclosure () -> String = "", _ body: (inout SimulatedWorld) -> Void
  ) throws {
    let failure = town.with { world -> (any Error)? in
      guard world.reaches(number, effect, subject()) else { return DaemonDeath() }
      if world.has(.diskIsFull) {
        world.inspector.lastLostWrite = world.clock
        return SimulatedFailure("no space left on device")
      }
      body(&world)
      return nil
    }
    if let failure { throw failure }
  }

  func lastActivity() -> Timestamp? {
    town.with { Timestamp(nanoseconds: $0.lastActivity * 1_000_000) }
  }

  @concurrent func mark(_ order: MarkOrder) async throws {
    try await call(.mark, order.bead, takes: 2...80)
    try fail(.markingFails, "bd: the database is locked")
    town.with { world in
      world.beads[order.bead]?.stateSlot = AgentState.dead.rawValue
      let now = world.wall
      world.beads[order.bead]?.updatedAt = now
    }
  }

  @concurrent func closeMail(_ id: String) async throws {
    try await call(.closeMail, id, takes: 2...80)
    try fail(.closingFails, "bd: the database is locked")
    town.with { world in
      world.inspectClosing(of: id)
      world.inbox.removeAll { $0.id == id }
    }
    try await call(.closedMail, id)
  }

  @concurrent func clearRequest(_ withdrawals: [Withdrawal], of agent: AgentIdentity) async throws {
    let actions = withdrawals.map(\.action.rawValue).joined(separator: " ")
    try await call(.clearRequest, "\(agent.session) \(actions)")
    try fail(.stateFilesFail, "state.json could not be written")
    town.with { world in
      world.stateFiles[agent.session] = world.stateFiles[agent.session]?.without(withdrawals)
    }
  }

  func state(of agent: AgentIdentity) -> Reading<[String: JSONValue]?> {
    town.with { world in
      if world.has(.stateFilesFail) { return .unknown("state.json could not be read") }
      return .known(world.stateFiles[agent.session])
    }
  }

  @concurrent func send(_ notice: Notice) async throws {
    try await call(.send, "\(notice.key) \(notice.agent.session)", takes: 2...80)
    try fail(.sendingFails, "bd: the database is locked")
    town.with { $0.inspectSent(notice) }
    try await call(.sent, "\(notice.key) \(notice.agent.session)")
  }

  @concurrent func announce(_ announcement: Announcement) async throws {
    try await call(.announce, "\(announcement.event) \(announcement.session ?? "")", takes: 1...300)
    try fail(.notifyFails, "exit status 1")
  }

  private func fail(_ trouble: Outage, _ reason: String) throws {
    if town.with({ $0.has(trouble) }) { throw SimulatedFailure(reason) }
  }
}

extension SimulatedDaemon {
  @concurrent func lastWords(
    of remains: [DeathReport.Remains]
  ) async -> [DeathReport.Remains: Reading<CrashCapsule.Words>] {
    var words: [DeathReport.Remains: Reading<CrashCapsule.Words>] = [:]
    do {
      try await call(
        .lastWords, remains.map(\.pane).joined(separator: " "), takes: 1...12, slow: .tmuxIsSilent, for: 2_000...2_000)
      for remains in remains {
        words[remains] = .known(CrashCapsule.Words(lines: [SimulatedWorld.evilText], tmuxVersion: "3.3a"))
      }
    } catch {
      // Nobody asks any more.
    }
    return words
  }

  @concurrent func worktree(of agent: AgentIdentity) async -> Reading<CrashCapsule.Worktree> {
    do {
      let (isSlow, time) = town.with { ($0.has(.gitIsSlow), $0.dice.span(3...40)) }
      try await town.pause(isSlow ? 5_000 : time, of: number)
      return .known(
        CrashCapsule.Worktree(
          directory: agent.directory, branch: "work", head: "c0ffee", dirtyFiles: [], dirtyCount: 0, readAt: now()))
    } catch {
      return .unknown("the daemon is dead")
    }
  }

  func memoryEvents(of life: ProcessLife) -> MemoryEvents? { nil }
  func memoryEventsNow(_ former: MemoryEvents) -> MemoryEvents { former }

  func start(of life: ProcessLife) -> Timestamp? {
    town.with { world in
      guard let process = world.processes[life.pid], process.startTime == life.startTime else { return nil }
      return Timestamp(seconds: (world.zero + process.bornAt) / 1_000)
    }
  }

  func hasCapsule(_ id: String) -> Bool { town.with { $0.capsules.contains(id) } }

  func write(_ capsule: CrashCapsule) throws {
    let isWritten = town.with { world in
      guard world.reaches(number, .capsule, capsule.id) else { return false }
      if world.has(.evidenceFails) || world.has(.diskIsFull) { return false }
      world.capsules.insert(capsule.id)
      return true
    }
    if !isWritten { throw SimulatedFailure("no space left on device") }
  }

  func pruneEvidence() throws -> [String] { [] }

  func lastEntry(of session: String) -> HistoryEntry? { town.with { $0.decisions[session] } }

  func append(_ entries: [String: [HistoryEntry]]) throws {
    let isWritten = town.with { world in
      guard world.reaches(number, .history, entries.keys.sorted().joined(separator: " ")) else { return false }
      if world.has(.evidenceFails) || world.has(.diskIsFull) { return false }
      for (session, lines) in entries {
        if let last = lines.last(where: { $0.kind == .decision }) { world.decisions[session] = last }
      }
      return true
    }
    if !isWritten { throw SimulatedFailure("no space left on device") }
  }
}
