// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

// What a daemon gets to see.
extension SimulatedWorld {
  mutating func look(beads: BeadReadings, lives: KnownLives, at time: Timestamp) -> TownSnapshot {
    var snapshot = TownSnapshot(time: time, boot: boot, rigs: rigs, failures: beads.failures)
    if has(.registryFails) {
      snapshot.registryFailure = "mayor/rigs.json could not be read"
      snapshot.failures.append("mayor/rigs.json could not be read")
      snapshot.rigs = []
    }
    let hiddenRig = has(.rigFails) ? rigs.first?.name : nil
    if let hiddenRig {
      snapshot.unreadableRigs = [hiddenRig]
      snapshot.failures.append("\(hiddenRig)/polecats could not be listed")
    }
    if has(.tmuxIsSilent) { snapshot.tmuxFailure = "the tmux server gastown did not answer" }
    let asked = ask(lives: lives)
    let silent = has(.otherTmuxIsSilent) ? "the tmux server default did not answer" : nil
    let elsewhere = silent == nil ? [] : residents(onOwn: false, lives: lives)
    snapshot.silentServers = silent == nil ? [] : Set(servers.filter { !$0.isOwn }.map(\.identity))
    if has(.strangerIsWedged) { snapshot.failures.append("a tmux server on which no agent lives did not answer") }
    if isBlocked {
      snapshot.otherTmuxFailure = "another tmux server has the path of the one that was there before it and runs on"
    }
    snapshot.failures += [snapshot.tmuxFailure, snapshot.otherTmuxFailure, silent].compactMap(\.self)
    var sightings: [Int: [PaneSighting]] = [:]
    for server in asked {
      snapshot.servers.insert(server.identity)
      for pane in server.panes { sightings[pane.agent, default: []].append(sighting(of: pane, on: server)) }
    }
    let unreadable = snapshot.tmuxFailure ?? snapshot.otherTmuxFailure
    snapshot.agents.reserveCapacity(agents.count)
    for (number, agent) in agents.enumerated() {
      if agent.identity.rig != nil, snapshot.registryFailure != nil { continue }
      if let hiddenRig, agent.identity.rig == hiddenRig, agent.identity.name != nil,
        agent.identity.role != .polecat || beads.beads[agent.bead] == nil
      {
        continue
      }
      let known = lives[agent.session]
      let mayBeElsewhere = elsewhere.contains(agent.session) ? silent : nil
      let liveness = Liveness.judge(
        sightings[number] ?? [], boot: boot, town: SimulatedWorld.town, unreadable: unreadable ?? mayBeElsewhere,
        known: known, graves: lives.graves[agent.session] ?? []
      ).doubted(if: known, boot: boot, by: sightings[number] ?? []) { runs($0.pid, $0.startTime) }
      var observation = AgentObservation(
        agent: agent.identity, liveness: liveness, bead: beads.bead(of: agent.identity),
        work: beads.work(of: agent.identity), hooked: beads.hooked(of: agent.identity),
        hold: has(.holdsFail) ? .unknown("daemon/holds could not be listed") : .known(agent.hold),
        hasDirectory: hasDirectory(agent.identity))
      observation.elsewhere = mayBeElsewhere
      if case .unknown = liveness, let known, known.boot == boot {
        observation.hasEnded = !runs(known.pid, known.startTime)
      }
      snapshot.agents.append(observation)
    }
    snapshot.host = HostReading(
      diskFree: has(.diskIsLow) || has(.diskIsFull) ? 1 << 20 : 1 << 40, memoryPressure: has(.memoryIsShort) ? 97 : 3)
    if has(.commandIsMissing) { snapshot.missingCommands = [.polecat: "claude", .witness: "claude"] }
    return snapshot
  }

  /// The sessions of those who may live on the servers of one kind: it has shown them, something of theirs runs there,
  /// or the ledger has their lives there.
  func residents(onOwn isOwn: Bool, lives: KnownLives) -> Set<String> {
    let homes = servers.filter { $0.isOwn == isOwn }
    let shown = homes.flatMap(\.panes).map { agents[$0.agent].session }
    let known = lives.bySession.filter { life in homes.contains { $0.identity == life.value.server } }.keys
    return Set(shown).union(known)
  }

  func hasDirectory(_ agent: AgentIdentity) -> Bool {
    !has(.directoriesAreMissing) || agent.rig == nil || agent.rig != rigs.first?.name
  }

  private func sighting(of pane: SimulatedPane, on server: SimulatedServer) -> PaneSighting {
    var sighting = PaneSighting(
      serverName: server.name, isOwnServer: server.isOwn, server: server.identity, session: pane.session,
      pane: pane.id, pid: pane.pid,
      process: pane.isRunning ? .running(startTime: pane.startTime) : .ended(pane.cause),
      mark: pane.isMarked ? SimulatedWorld.town : nil, isAdopted: pane.isAdopted)
    sighting.attached = agents[pane.agent].watchedUntil > clock ? 1 : 0
    sighting.belongsHere = !pane.isPersons
    // A mark alone says nothing, so more is read of a process that is not in the ledger.
    let isKnown = ledger.agents[pane.session]?.life.map { $0.pid == pane.pid && $0.pane == pane.id } ?? false
    guard pane.isRunning, !pane.isMarked || pane.isAdopted || !isKnown else { return sighting }
    if pane.isShell {
      sighting.isBareShell = pane.worker == nil
      if !pane.isMarked || pane.isAdopted {
        sighting.workers = pane.worker.map { [$0] } ?? []
        sighting.age = .milliseconds(clock - pane.workerBornAt)
      }
    }
    if !(pane.isAdopted && isKnown) { sighting.sessionCreated = Timestamp(seconds: pane.sessionCreated) }
    return sighting
  }

  /// What a look would say that takes a mark for proof; `nil` where none is forged.
  func believedMark(of number: Int) -> Liveness? {
    forgedPane(of: number).map { pane, server in
      Liveness.judge(
        [sighting(of: pane, on: servers[server])], boot: boot, town: SimulatedWorld.town, unreadable: nil,
        known: life(of: pane, on: server))
    }
  }

  /// How many beads a list has that is too short.
  static let shortList = 50

  /// What a listing of the beads and the Deacon's mail says.
  mutating func readBeads(hooks: [String]) -> BeadReadings {
    if has(.storeFails) || has(.storeHangs) { return .blind("bd: the database is locked") }
    noteProgress()
    var readings: BeadReadings
    if has(.storeIsPartial), let rig = rigs.last?.name {
      let prefix = "gt-\(rig)-"
      readings = BeadReadings(
        beads: beads.filter { !$0.key.hasPrefix(prefix) }, failures: ["the beads of \(rig) could not be read"]
      ) { $0.hasPrefix(prefix) ? .unknown("the beads of \(rig) could not be read") : .known(nil) }
    } else if has(.listsAreShort), beads.count > SimulatedWorld.shortList {
      let listed = Set(beads.keys.sorted().prefix(SimulatedWorld.shortList))
      let reason = "the list of beads ends after \(SimulatedWorld.shortList) rows"
      readings = BeadReadings(beads: beads.filter { listed.contains($0.key) }, failures: [reason]) { [beads] id in
        beads[id] == nil ? .known(nil) : .unknown(reason)
      }
    } else {
      readings = BeadReadings(beads: beads) { _ in .known(nil) }
    }
    if has(.inboxFails) {
      readings.inbox = .unknown("the Deacon's mail could not be read")
      readings.failures.append("the Deacon's mail could not be read")
    } else {
      readings.inbox = .known(inbox)
    }
    for hook in hooks { if let bead = work[hook] { readings.hooks[hook] = bead } }
    return readings
  }

  mutating func readAfresh(_ ids: [String]) -> [String: Reading<Bead?>] {
    let isBlind = has(.storeFails) || has(.storeHangs)
    let hidden = has(.storeIsPartial) ? rigs.last.map { "gt-\($0.name)-" } : nil
    var readings: [String: Reading<Bead?>] = [:]
    for id in ids {
      let isHidden = isBlind || hidden.map { id.hasPrefix($0) } == true
      readings[id] = isHidden ? .unknown("bd: the database is locked") : .known(beads[id] ?? work[id])
    }
    return readings
  }

  /// Those who are at work have written into their beads now and then. A clock that is set moves none of these times.
  mutating func noteProgress() {
    for (number, agent) in agents.enumerated() {
      guard let pid = agent.process, let process = processes[pid], let told = process.toldAt else { continue }
      // A few have got stuck.
      if pid.isMultiple(of: 17), agent.identity.role == .polecat { continue }
      let last = told + (clock - told) / 420_000 * 420_000
      guard last > agent.changedAt, let bead = beads[agent.bead] else { continue }
      agents[number].changedAt = last
      let time = Timestamp(nanoseconds: (zero + last) * 1_000_000)
      if bead.updatedAt < time || bead.updatedAt > wall { beads[agent.bead]?.updatedAt = time }
    }
  }
}
