// SPDX-License-Identifier: Apache-2.0

#if DEBUG
  import Faults
  import Glibc
  package import Town

  /// A town in which a test can have the process killed before and after each effect (``FaultEffect``), have it hang
  /// in its next look, or see wrongly, once. It is no part of a release build.
  package struct FaultingTown: ForwardingTown {
    package let town: any TownWorld

    package init(_ town: any TownWorld) { self.town = town }

    /// A look that hangs keeps its turn and its thread for ever. One that is blind sees no agent: a fault of ours, and
    /// the daemon has to find it.
    @concurrent package func look(beads: BeadReadings, lives: KnownLives) async -> TownSnapshot {
      if Fault.isNext("hang") { while true { pause() } }
      var snapshot = await town.look(beads: beads, lives: lives)
      if Fault.isNext("blind") {
        for index in snapshot.agents.indices { snapshot.agents[index].liveness = .absent }
      }
      return snapshot
    }

    private func passing<Result>(
      _ effect: FaultEffect, of things: [String] = [], _ body: () throws -> Result
    ) rethrows -> Result {
      Fault.pass(effect.before, of: things)
      let result = try body()
      Fault.pass(effect.after, of: things)
      return result
    }

    private func passing<Result>(
      _ effect: FaultEffect, of things: [String] = [], _ body: () async throws -> Result
    ) async rethrows -> Result {
      Fault.pass(effect.before, of: things)
      let result = try await body()
      Fault.pass(effect.after, of: things)
      return result
    }
  }

  // What is done to agents.
  extension FaultingTown {
    @concurrent package func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome {
      await passing(.launch, of: [order.agent.session]) { await town.launch(order) }
    }

    @concurrent package func end(_ agent: AgentIdentity, liveness: Liveness) async -> EndOutcome {
      await passing(.end, of: [agent.session]) { await town.end(agent, liveness: liveness) }
    }

    @concurrent package func adopt(_ order: AdoptionRule.Order) async -> AdoptionRule.Outcome {
      await passing(.adopt, of: [order.agent.session]) { await town.adopt(order) }
    }

    @concurrent package func begin(_ agent: AgentIdentity, life: ProcessLife) async throws {
      try await passing(.begin, of: [agent.session]) { try await town.begin(agent, life: life) }
    }

    @concurrent package func confine(
      _ agent: AgentIdentity, life: ProcessLife, limited former: AgentLimits
    ) async -> Reading<AgentScope> {
      await passing(.confine, of: [agent.session]) { await town.confine(agent, life: life, limited: former) }
    }

    @concurrent package func sweep(
      _ remains: AgentRemains, protecting protected: Set<Int32>
    ) async -> SweepOutcome {
      await passing(.sweep) { await town.sweep(remains, protecting: protected) }
    }
  }

  // What is written and sent.
  extension FaultingTown {
    @concurrent package func mark(_ order: MarkOrder) async throws {
      try await passing(.mark) { try await town.mark(order) }
    }

    @concurrent package func closeMail(_ id: String) async throws {
      try await passing(.closeMail) { try await town.closeMail(id) }
    }

    @concurrent package func clearRequest(_ withdrawals: [Withdrawal], of agent: AgentIdentity) async throws {
      try await passing(.clearRequest) { try await town.clearRequest(withdrawals, of: agent) }
    }

    @concurrent package func send(_ notice: Notice) async throws {
      try await passing(.send, of: [notice.subject]) { try await town.send(notice) }
    }

    @concurrent package func announce(_ announcement: Announcement) async throws {
      try await passing(.announce) { try await town.announce(announcement) }
    }

    package func setHold(_ hold: Hold?, on agent: AgentIdentity) throws {
      try passing(.setHold) { try town.setHold(hold, on: agent) }
    }

    /// The steps of the lifecycle requests that the ledger has tell one saving of it from another.
    package func save(_ ledger: Ledger) throws {
      try passing(.saveLedger, of: ledger.agents.values.compactMap { $0.lifecycle?.step.rawValue }) {
        try town.save(ledger)
      }
    }

    package func save(_ pending: [PendingSpawn]) throws { try passing(.savePending) { try town.save(pending) } }

    package func saveHeartbeat(at time: Timestamp, count: Int) throws {
      try passing(.saveHeartbeat) { try town.saveHeartbeat(at: time, count: count) }
    }

    package func loadLedger(settingAside: Bool) throws -> Ledger {
      try passing(.loadLedger) { try town.loadLedger(settingAside: settingAside) }
    }

    package func loadPendingSpawns(settingAside: Bool) throws -> [PendingSpawn] {
      try passing(.loadPendingSpawns) { try town.loadPendingSpawns(settingAside: settingAside) }
    }

    package func write(_ capsule: CrashCapsule) throws { try passing(.writeCapsule) { try town.write(capsule) } }

    package func append(_ entries: [String: [HistoryEntry]]) throws {
      try passing(.appendHistory) { try town.append(entries) }
    }

    package func pruneEvidence() throws -> [String] { try passing(.pruneEvidence) { try town.pruneEvidence() } }
  }
#endif
