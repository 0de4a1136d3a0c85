// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

/// A town through which the supervisor sees, remembers and acts wrongly.
struct PlantedTown: ForwardingTown {
  let daemon: SimulatedDaemon
  let plant: SeededDefect

  init(_ daemon: SimulatedDaemon, _ plant: SeededDefect) {
    self.daemon = daemon
    self.plant = plant
  }

  var town: any TownWorld { daemon }

  // MARK: Sees

  @concurrent func look(beads: BeadReadings, lives: KnownLives) async -> TownSnapshot {
    if plant == .looksHaveNoDeadline, daemon.town.with({ $0.has(.tmuxIsSilent) }) {
      try? await daemon.town.pause(90_000, of: daemon.number)
    }
    var snapshot = await daemon.look(beads: beads, lives: plant == .knownLivesAreForgotten ? [:] : lives)
    switch plant {
    case .holdsAreIgnored:
      for index in snapshot.agents.indices { snapshot.agents[index].hold = .known(nil) }
    case .silenceIsAbsence:
      snapshot.tmuxFailure = nil
      snapshot.otherTmuxFailure = nil
      for index in snapshot.agents.indices {
        snapshot.agents[index].elsewhere = nil
        if case .unknown = snapshot.agents[index].liveness { snapshot.agents[index].liveness = .absent }
      }
    case .marksAreBelieved:
      for index in snapshot.agents.indices {
        let session = snapshot.agents[index].agent.session
        let believed = daemon.town.with { world in world.index[session].flatMap { world.believedMark(of: $0) } }
        if let believed { snapshot.agents[index].liveness = believed }
      }
    case .strangersHoldBack:
      if daemon.town.with({ $0.has(.strangerIsWedged) }) {
        let silence = "a tmux server on which no agent lives did not answer"
        snapshot.otherTmuxFailure = silence
        for index in snapshot.agents.indices where !snapshot.agents[index].liveness.isAlive {
          snapshot.agents[index].hasEnded = true
          snapshot.agents[index].liveness = .unknown(silence)
        }
      }
    case .momentsLast:
      let missing = daemon.town.with { world in
        if !snapshot.missingCommands.isEmpty { world.missedAt = world.clock }
        return world.missedAt.map { world.clock - $0 < 3_600_000 } ?? false
      }
      if missing { snapshot.missingCommands = [.polecat: "claude", .witness: "claude"] }
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

  @concurrent func readBeads(hooks: [String]) async -> BeadReadings {
    let (isSlow, isShort) = daemon.town.with { ($0.has(.storeIsSlow), $0.has(.listsAreShort)) }
    if plant == .storesAreHurried, isSlow { return .blind("the bead store did not answer at once") }
    let readings = await daemon.readBeads(hooks: hooks)
    guard plant == .shortListsAreWhole, isShort else { return readings }
    var whole = BeadReadings(beads: readings.beads) { _ in .known(nil) }
    whole.inbox = readings.inbox
    whole.hooks = readings.hooks
    return whole
  }

  @concurrent func readAfresh(_ ids: [String]) async -> [String: Reading<Bead?>] {
    if plant == .storesAreHurried, daemon.town.with({ $0.has(.storeIsSlow) }) {
      return Dictionary(ids.map { ($0, .unknown("the bead store did not answer at once")) }) { first, _ in first }
    }
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

  @concurrent func sleep(until due: Duration) async throws {
    let isLost = plant == .timersAreLost && daemon.town.with { $0.dice.chance(20) }
    try await daemon.sleep(until: isLost ? due + .seconds(1_000_000) : due)
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

  @concurrent func sweep(_ remains: AgentRemains, protecting protected: Set<Int32>) async -> SweepOutcome {
    switch plant {
    case .childrenAreLeft: return .swept([])
    case .childrenAreEndedByName:
      return daemon.town.with { world in
        let sessions = world.ledger.agents.filter { !remains.marks.isDisjoint(with: $0.value.marks ?? []) }.keys
        let numbers = Set(sessions.compactMap { world.index[$0] })
        return world.endChildren(world.children.filter { numbers.contains($0.value.agent) }.keys.sorted())
      }
    default: return await daemon.sweep(remains, protecting: protected)
    }
  }

  @concurrent func clearRequest(_ withdrawals: [Withdrawal], of agent: AgentIdentity) async throws {
    do {
      try await daemon.clearRequest(withdrawals, of: agent)
    } catch {
      guard plant == .requestsStayInTheirFiles else { throw error }
    }
  }

  @concurrent func send(_ notice: Notice) async throws {
    if plant != .messagesAreLost { try await daemon.send(notice) }
  }
}
