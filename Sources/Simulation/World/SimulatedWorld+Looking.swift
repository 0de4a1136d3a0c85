// SPDX-License-Identifier: Apache-2.0

internal import Supervision
internal import Town

// What a daemon gets to see.
extension SimulatedWorld {
  func look(beads: BeadReadings, lives: [String: ProcessLife], at time: Timestamp) -> TownSnapshot {
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
    if has(.otherTmuxIsSilent) { snapshot.otherTmuxFailure = "the tmux server default did not answer" }
    snapshot.failures += [snapshot.tmuxFailure, snapshot.otherTmuxFailure].compactMap(\.self)
    var sightings: [Int: [PaneSighting]] = [:]
    for server in servers where !has(server.isOwn ? .tmuxIsSilent : .otherTmuxIsSilent) {
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
      let liveness = Liveness.judge(
        sightings[number] ?? [], boot: boot, town: SimulatedWorld.town, unreadable: unreadable, known: known
      ).doubted(if: known, boot: boot) { runs($0.pid, $0.startTime) }
      snapshot.agents.append(
        AgentObservation(
          agent: agent.identity, liveness: liveness, bead: beads.bead(of: agent.identity),
          work: beads.work(of: agent.identity), hooked: beads.hooked(of: agent.identity),
          hold: has(.holdsFail) ? .unknown("daemon/holds could not be listed") : .known(agent.hold),
          hasDirectory: hasDirectory(agent.identity)))
    }
    snapshot.host = HostReading(
      diskFree: has(.diskIsLow) || has(.diskIsFull) ? 1 << 20 : 1 << 40, memoryPressure: has(.memoryIsShort) ? 97 : 3)
    if has(.commandIsMissing) { snapshot.missingCommands = [.polecat: "claude", .witness: "claude"] }
    return snapshot
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
    guard pane.isRunning, !pane.isMarked || pane.isAdopted else { return sighting }
    if pane.isShell {
      sighting.workers = pane.worker.map { [$0] } ?? []
      sighting.isBareShell = pane.worker == nil
      sighting.age = .milliseconds(clock - pane.workerBornAt)
    }
    if !pane.isAdopted { sighting.sessionCreated = Timestamp(seconds: pane.sessionCreated) }
    return sighting
  }

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

  /// Those who are at work have written into their beads now and then.
  private mutating func noteProgress() {
    for agent in agents {
      guard let pid = agent.process, let process = processes[pid], let told = process.toldAt else { continue }
      // A few have got stuck.
      if pid.isMultiple(of: 17), agent.identity.role == .polecat { continue }
      let last = told + (clock - told) / 420_000 * 420_000
      let time = Timestamp(nanoseconds: (zero + last) * 1_000_000)
      if let bead = beads[agent.bead], bead.updatedAt < time { beads[agent.bead]?.updatedAt = time }
    }
  }
}
