// SPDX-License-Identifier: Apache-2.0

package import Processes
import Tmux
package import Town
package import TownFiles
import Trust

/// Looks at a town: one process for each of the user's tmux servers, and files.
package struct TownObserver: Sendable {
  private let layout: TownLayout
  private let servers: TmuxServers
  private let reader: PaneReader
  private let boot: String
  private let processes: ProcessTable
  private let mender: SocketMender

  package init(layout: TownLayout, servers: TmuxServers, processes: ProcessTable) {
    self.layout = layout
    self.servers = servers
    reader = PaneReader(layout: layout, processes: processes)
    self.processes = processes
    mender = SocketMender(processes: processes, trust: servers.trust)
    boot = processes.bootID() ?? "unknown"
  }

  /// One look, as of `time`.
  @concurrent package func look(
    beads: BeadReadings, lives: KnownLives, at time: Timestamp
  ) async -> TownSnapshot {
    var snapshot = TownSnapshot(time: time, boot: boot, failures: beads.failures)
    var directories: [String: Census.RigDirectories] = [:]
    do {
      snapshot.rigs = try RigRegistry(layout: layout).rigs()
    } catch {
      snapshot.registryFailure = error.description
      snapshot.failures.append(error.description)
    }
    for rig in snapshot.rigs where (try? TownName.checkRig(rig.name)) != nil {
      do {
        directories[rig.name] = Census.RigDirectories(
          polecats: try subdirectories("\(rig.name)/polecats"), crew: try subdirectories("\(rig.name)/crew"))
      } catch {
        snapshot.failures.append("\(error)")
        snapshot.unreadableRigs.insert(rig.name)
      }
    }
    let unusable = snapshot.rigs.filter { (try? TownName.checkRig($0.name)) == nil }
    snapshot.rigs.removeAll { rig in unusable.contains { $0.name == rig.name } }
    for rig in unusable {
      snapshot.failures.append(
        "\(layout.registry): \(quotedForDisplay(rig.name)) is no name for a rig; it is left alone")
    }
    let census = Census(rigs: snapshot.rigs, directories: directories, beads: beads.beads)
    snapshot.strangers = census.strangers

    let roster = Roster(rigs: snapshot.rigs.map(\.name))
    let panes = await self.panes(roster: roster, agents: census.agents, lives: lives)
    snapshot.mended = panes.mended
    snapshot.servers = panes.servers
    snapshot.silentServers = panes.silentServers
    snapshot.tmuxFailure = panes.ownFailure
    snapshot.otherTmuxFailure = panes.otherFailures.first
    snapshot.failures += panes.ownFailure.map { [$0] } ?? []
    snapshot.failures += panes.otherFailures + panes.silence
    snapshot.agents = observations(of: census.agents, panes: panes, beads: beads, lives: lives)
    return snapshot
  }

  private func observations(
    of agents: [AgentIdentity], panes: PaneReadings, beads: BeadReadings, lives: KnownLives
  ) -> [AgentObservation] {
    let unreadable = panes.ownFailure ?? panes.otherFailures.first
    let holds = Holds(listing: layout)
    let sightings = panes.sightings.attributed(to: lives.bySession, boot: boot)
    let bySession = Dictionary(grouping: sightings, by: \.session)
    let mark = layout.mark
    let repositories = Dictionary(
      Set(agents.filter { $0.role == .polecat }.compactMap(\.rig)).map { ($0, RigRepository.all(of: $0, in: layout)) },
      uniquingKeysWith: { first, _ in first })
    return agents.map { agent in
      var observation = AgentObservation(
        agent: agent,
        liveness: Liveness.judge(
          bySession[agent.session] ?? [], boot: boot, town: mark,
          unreadable: unreadable ?? panes.elsewhere[agent.session],
          known: lives[agent.session], graves: lives.graves[agent.session] ?? []
        ).doubted(
          if: lives[agent.session], boot: boot, by: bySession[agent.session] ?? [],
          whereabouts: panes.strays[agent.session]
        ) {
          processes.isRunning(ProcessIdentity(pid: $0.pid, startTime: $0.startTime))
        },
        bead: beads.bead(of: agent), work: beads.work(of: agent),
        hooked: beads.hooked(of: agent), hold: holds.hold(on: agent),
        hasDirectory: Disk.isDirectory(layout.directory(of: agent)),
        worktree: agent.role == .polecat
          ? PolecatWorktree(agent, in: layout, repositories: repositories[agent.rig ?? ""] ?? []).standing : .sound)
      observation.elsewhere = panes.elsewhere[agent.session]
      if case .unknown = observation.liveness, let life = lives[agent.session], life.boot == boot {
        observation.hasEnded = !processes.isRunning(ProcessIdentity(pid: life.pid, startTime: life.startTime))
      }
      return observation
    }
  }

  private struct PaneReadings: Sendable {
    var servers: Set<ServerIdentity> = []
    var sightings: [PaneSighting] = []
    /// The own server, where it has answered.
    var ownServer: ServerIdentity?
    var ownFailure: String?
    /// Why an agent may live on another server.
    var otherFailures: [String] = []
    /// Why other servers say nothing.
    var silence: [String] = []
    /// Of them, those that have answered before.
    var silentServers: Set<ServerIdentity> = []
    /// Why an agent may live on one of those, by session.
    var elsewhere: [String: String] = [:]
    /// What was said to be mended.
    var mended: [String] = []

    /// Where panes of known lives are that are in no session of an agent's name, by the agent's session.
    var strays: [String: String] = [:]

    mutating func take(_ reading: (server: ServerIdentity?, panes: [PaneSighting], strays: [String: String])) {
      if let server = reading.server { servers.insert(server) }
      sightings += reading.panes
      strays.merge(reading.strays) { first, _ in first }
    }
  }

  /// Asks all servers, the others beside the town's own. A server that has lost its socket makes it anew first.
  private func panes(
    roster: Roster, agents: [AgentIdentity], lives: KnownLives
  ) async -> PaneReadings {
    let misses = ProcessTable.misses
    var readings = await readings(roster: roster, agents: agents, lives: lives)
    var mended: [String] = []
    for path in pathsInDoubt(readings, lives: lives) {
      switch await mender.mend(path) {
      case .nothing: break
      case .mended(let pid):
        mended.append("the socket \(path) was not there; its tmux server (pid \(pid)) has made it anew")
      case .blocked(let reason) where path == servers.own.socketPath && readings.ownServer == nil:
        readings.ownFailure = reason
      case .blocked(let reason): readings.otherFailures.append(reason)
      }
    }
    if !mended.isEmpty {
      let blocked = readings
      readings = await self.readings(roster: roster, agents: agents, lives: lives)
      readings.ownFailure = readings.ownFailure ?? blocked.ownFailure
      readings.otherFailures += blocked.otherFailures.filter { !readings.otherFailures.contains($0) }
      readings.mended = mended
    }
    // A server that was not even asked is one that did not answer.
    if ProcessTable.misses != misses, readings.ownFailure == nil { readings.ownFailure = "\(PaneReader.Unseen())" }
    return readings
  }

  /// Where a server may run that was not reached: the town's own path, and those of servers on which agents have
  /// lived and that have not answered.
  private func pathsInDoubt(_ readings: PaneReadings, lives: KnownLives) -> [String] {
    let own = servers.own.socketPath
    var paths = readings.ownFailure == nil ? [own] : []
    let silent = lives.servers(boot: boot).subtracting(readings.servers)
    for server in silent.sorted(by: { $0.pid < $1.pid }) {
      for listener in processes.listeners(of: server.pid, program: "tmux") where !paths.contains(listener.path) {
        let isInDoubt =
          if listener.path == own {
            // At the own path a server may answer that was started after this one.
            readings.ownFailure == nil
          } else if case .silent = servers.trust.standing(ofSocket: listener.path) {
            true
          } else {
            false
          }
        if isInDoubt { paths.append(listener.path) }
      }
    }
    return paths
  }

  private func readings(
    roster: Roster, agents: [AgentIdentity], lives: KnownLives
  ) async -> PaneReadings {
    typealias Reading = (server: ServerIdentity?, panes: [PaneSighting], strays: [String: String])
    @Sendable func read(_ client: TmuxClient, isOwn: Bool) async throws -> Reading {
      let reading = try await reader.read(
        client, isOwn: isOwn, roster: roster, lives: lives.bySession)
      if let server = reading.server {
        servers.note(server, at: client, sessions: Set(reading.panes.map(\.session)))
      }
      return reading
    }
    async let others = servers.askOthers { client in try await read(client, isOwn: false) }
    var readings = PaneReadings()
    if let standstill = servers.ownStandstill() {
      readings.ownFailure = "\(standstill)"
    } else {
      do {
        let own = try await read(servers.own, isOwn: true)
        readings.ownServer = own.server
        readings.take(own)
      } catch {
        readings.ownFailure = "\(error)"
      }
    }
    let answers = await others
    for case .success(let reading) in answers.answers.map(\.answer) { readings.take(reading) }
    for silent in answers.silent {
      if !readings.silence.contains(silent.reason) { readings.silence.append(silent.reason) }
      if let identity = servers.memory.identity(at: silent.address) { readings.silentServers.insert(identity) }
      let lives = lives.bySession.filter { $0.value.boot == boot }
      let sessions = servers.mayBeOn(
        silent, agents: agents, layout: layout, lives: lives, answered: readings.servers)
      for session in sessions { readings.elsewhere[session] = silent.reason }
    }
    readings.otherFailures += answers.failures
    return readings
  }

  private func subdirectories(_ relative: String) throws(TownFileError) -> [String] {
    let path = layout.path(relative)
    return try Disk.names(in: path).filter { !$0.hasPrefix(".") && Disk.isDirectory("\(path)/\($0)") }
  }
}
