// SPDX-License-Identifier: Apache-2.0

package import Town

/// A town behind another, which sees or changes only some of the calls.
package protocol ForwardingTown: TownWorld {
  var town: any TownWorld { get }
}

extension ForwardingTown {
  package func now() -> Timestamp { town.now() }
  package func uptime() -> Duration { town.uptime() }
  @concurrent package func sleep(until due: Duration) async throws { try await town.sleep(until: due) }
  @concurrent package func readBeads(hooks: [String]) async -> BeadReadings { await town.readBeads(hooks: hooks) }
  @concurrent package func look(beads: BeadReadings, lives: KnownLives) async -> TownSnapshot {
    await town.look(beads: beads, lives: lives)
  }
  @concurrent package func waitForClockStep() async throws { try await town.waitForClockStep() }
  @concurrent package func waitForEnd(of life: ProcessLife) async throws { try await town.waitForEnd(of: life) }
  @concurrent package func waitForEnd(of server: ServerIdentity) async throws {
    try await town.waitForEnd(of: server)
  }
  @concurrent package func readAfresh(_ ids: [String]) async -> [String: Reading<Bead?>] {
    await town.readAfresh(ids)
  }
  @concurrent package func adopt(_ order: AdoptionRule.Order) async -> AdoptionRule.Outcome {
    await town.adopt(order)
  }
  @concurrent package func mark(_ order: MarkOrder) async throws { try await town.mark(order) }
  @concurrent package func screens(of lives: [String: ProcessLife]) async -> [String: PaneScreen] {
    await town.screens(of: lives)
  }
  @concurrent package func begin(_ agent: AgentIdentity, life: ProcessLife) async throws {
    try await town.begin(agent, life: life)
  }
  package func state(of agent: AgentIdentity) -> Reading<[String: JSONValue]?> { town.state(of: agent) }
  @concurrent package func send(_ notice: Notice) async throws { try await town.send(notice) }
  package var announces: Bool { town.announces }
  @concurrent package func announce(_ announcement: Announcement) async throws {
    try await town.announce(announcement)
  }
  package func setHold(_ hold: Hold?, on agent: AgentIdentity) throws { try town.setHold(hold, on: agent) }
  package func loadLedger(settingAside: Bool) throws -> Ledger { try town.loadLedger(settingAside: settingAside) }
  package func loadPendingSpawns(settingAside: Bool) throws -> [PendingSpawn] {
    try town.loadPendingSpawns(settingAside: settingAside)
  }
  package func save(_ pending: [PendingSpawn]) throws { try town.save(pending) }
  @concurrent package func lastWords(
    of remains: [DeathReport.Remains]
  ) async -> [DeathReport.Remains: Reading<CrashCapsule.Words>] { await town.lastWords(of: remains) }
  @concurrent package func worktree(of agent: AgentIdentity) async -> Reading<CrashCapsule.Worktree> {
    await town.worktree(of: agent)
  }
  package func memoryEvents(of life: ProcessLife) -> MemoryEvents? { town.memoryEvents(of: life) }
  package func memoryEventsNow(_ former: MemoryEvents) -> MemoryEvents { town.memoryEventsNow(former) }
  @concurrent package func reportedOutOfMemory(_ scope: AgentScope) async -> Bool? {
    await town.reportedOutOfMemory(scope)
  }
  package func start(of life: ProcessLife) -> Timestamp? { town.start(of: life) }
  package func hasCapsule(_ id: String) -> Bool { town.hasCapsule(id) }
  package func write(_ capsule: CrashCapsule) throws { try town.write(capsule) }
  package func pruneEvidence() throws -> [String] { try town.pruneEvidence() }
  package func lastEntry(of session: String) -> HistoryEntry? { town.lastEntry(of: session) }
  package func append(_ entries: [String: [HistoryEntry]]) throws { try town.append(entries) }
  package func lastActivity() -> Timestamp? { town.lastActivity() }
  package func saveHeartbeat(at time: Timestamp, count: Int) throws {
    try town.saveHeartbeat(at: time, count: count)
  }
  @concurrent package func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome { await town.launch(order) }
  @concurrent package func end(_ agent: AgentIdentity, liveness: Liveness) async -> EndOutcome {
    await town.end(agent, liveness: liveness)
  }
  @concurrent package func closeMail(_ id: String) async throws { try await town.closeMail(id) }
  @concurrent package func clearRequest(_ withdrawals: [Withdrawal], of agent: AgentIdentity) async throws {
    try await town.clearRequest(withdrawals, of: agent)
  }
  package func save(_ ledger: Ledger) throws { try town.save(ledger) }
  package var confines: Bool { town.confines }
  @concurrent package func confine(
    _ agent: AgentIdentity, life: ProcessLife, limited former: AgentLimits
  ) async -> Reading<AgentScope> {
    await town.confine(agent, life: life, limited: former)
  }
  package var agentsPressure: Double? { town.agentsPressure }
  package func newMark() -> String { town.newMark() }
  @concurrent package func sweep(_ remains: AgentRemains, protecting protected: Set<Int32>) async -> SweepOutcome {
    await town.sweep(remains, protecting: protected)
  }
  package func standing(of life: ProcessLife) -> AgentStanding? { town.standing(of: life) }
  package func isRunning(_ life: ProcessLife) -> Bool { town.isRunning(life) }
  @concurrent package func isShuttingDown() async -> Bool { await town.isShuttingDown() }
}
