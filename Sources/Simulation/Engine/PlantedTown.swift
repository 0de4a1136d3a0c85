// SPDX-License-Identifier: Apache-2.0

internal import Supervision
internal import Town

/// A town through which the supervisor sees, remembers and acts wrongly.
struct PlantedTown: ForwardingTown {
  let daemon: SimulatedDaemon
  let plant: Plant

  init(_ daemon: SimulatedDaemon, _ plant: Plant) {
    self.daemon = daemon
    self.plant = plant
  }

  var town: any TownWorld { daemon }

  // MARK: Sees

  @concurrent func look(beads: BeadReadings, lives: [String: ProcessLife]) async -> TownSnapshot {
    if plant == .looksHaveNoDeadline, daemon.town.with({ $0.has(.tmuxIsSilent) }) {
      try? await daemon.town.pause(90_000, of: daemon.number)
    }
    var snapshot = await daemon.look(beads: beads, lives: plant == .silenceIsAbsence ? [:] : lives)
    switch plant {
    case .holdsAreIgnored:
      for index in snapshot.agents.indices { snapshot.agents[index].hold = .known(nil) }
    case .silenceIsAbsence:
      snapshot.tmuxFailure = nil
      snapshot.otherTmuxFailure = nil
      for index in snapshot.agents.indices {
        if case .unknown = snapshot.agents[index].liveness { snapshot.agents[index].liveness = .absent }
      }
    case .otherServersAreForgotten:
      for index in snapshot.agents.indices {
        if case .alive(_, let place) = snapshot.agents[index].liveness, !place.isOwnServer {
          snapshot.agents[index].liveness = .absent
        }
      }
    default: break
    }
    return snapshot
  }

  @concurrent func look(
    again former: TownSnapshot, at sessions: Set<String>, beads: BeadReadings, lives: [String: ProcessLife]
  ) async -> TownSnapshot {
    if sessions.isEmpty { return former.taking(beads, at: now()) }
    return former.taking(sessions, from: await look(beads: beads, lives: lives), beads: beads)
  }

  @concurrent func readAfresh(_ ids: [String]) async -> [String: Reading<Bead?>] {
    var readings = await daemon.readAfresh(ids)
    if plant == .staleBeadsAreFresh {
      let listed = daemon.town.with { world in (world.beads, world.work) }
      for (id, reading) in readings where reading.failure != nil {
        readings[id] = .known(listed.0[id] ?? listed.1[id])
      }
    }
    return readings
  }

  func state(of agent: AgentIdentity) -> Reading<[String: JSONValue]?> {
    guard plant == .requestsAreBelieved else { return daemon.state(of: agent) }
    return .known(Dictionary(uniqueKeysWithValues: LifecycleAction.allCases.map { ($0.stateKey, .bool(true)) }))
  }

  @concurrent func waitForEnd(of life: ProcessLife) async throws {
    guard plant == .deathsAreNotNoticed else { return try await daemon.waitForEnd(of: life) }
    try await daemon.sleep(for: .seconds(1_000_000))
  }

  @concurrent func waitForEnd(of server: ServerIdentity) async throws {
    guard plant == .deathsAreNotNoticed else { return try await daemon.waitForEnd(of: server) }
    try await daemon.sleep(for: .seconds(1_000_000))
  }

  @concurrent func sleep(for duration: Duration) async throws {
    let isLost = plant == .timersAreLost && daemon.town.with { $0.dice.chance(20) }
    try await daemon.sleep(for: isLost ? .seconds(1_000_000) : duration)
  }

  // MARK: Remembers

  func save(_ ledger: Ledger) throws {
    var ledger = ledger
    for session in ledger.agents.keys.sorted() {
      switch (plant, ledger.agents[session]?.lifecycle?.step) {
      case (.claimIsNotAtomic, .claimed?), (.endedStepIsForgotten, .ended?): ledger.agents[session]?.lifecycle = nil
      case (.attemptsAreForgotten, _):
        ledger.agents[session]?.launch = nil
        ledger.agents[session]?.restartPolicy = RestartPolicy()
      default: break
      }
    }
    if plant == .claimIsNotAtomic { ledger.handledMail = [] }
    try daemon.save(ledger)
  }

  func save(_ pending: [PendingSpawn]) throws {
    try daemon.save(plant == .pendingIsForgotten ? [] : pending)
  }

  func loadLedger(settingAside: Bool) throws -> Ledger {
    var ledger = try daemon.loadLedger(settingAside: settingAside)
    if plant == .ledgerIsOld {
      let old = daemon.town.with { world in
        defer { world.oldLedger = ledger }
        return world.oldLedger
      }
      ledger = old ?? ledger
    }
    return ledger
  }

  // MARK: Acts

  @concurrent func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome {
    if plant == .holdsAreIgnored || plant == .respawnKills {
      return await daemon.launch(order, looksAtHolds: plant != .holdsAreIgnored, kills: plant == .respawnKills)
    }
    return await daemon.launch(order)
  }

  @concurrent func end(_ agent: AgentIdentity, liveness: Liveness) async -> EndOutcome {
    if plant == .namesMatchByPrefix {
      let others = daemon.town.with { world in
        world.agents.indices.filter { number in
          let session = world.agents[number].session
          return session != agent.session && session.hasPrefix(agent.session) && world.agents[number].process != nil
        }
      }
      daemon.town.with { world in
        for number in others.prefix(1) {
          guard let pid = world.agents[number].process else { continue }
          world.inspectKill(pid)
          world.end(pid, .signalled(15))
        }
      }
    }
    return await daemon.end(agent, liveness: liveness)
  }

  @concurrent func send(_ notice: Notice) async throws {
    if plant != .messagesAreLost { try await daemon.send(notice) }
  }
}
