// SPDX-License-Identifier: Apache-2.0

package import Processes
internal import Tmux
package import Town
package import TownFiles

/// Looks at a town: one process for each of the user's tmux servers, and files.
package struct TownObserver: Sendable {
  private let layout: TownLayout
  private let servers: TmuxServers
  private let reader: PaneReader
  private let boot: String
  private let processes: ProcessTable

  package init(layout: TownLayout, servers: TmuxServers, processes: ProcessTable) {
    self.layout = layout
    self.servers = servers
    reader = PaneReader(layout: layout, processes: processes)
    self.processes = processes
    boot = processes.bootID() ?? "unknown"
  }

  /// One look, as of `time`.
  @concurrent package func look(
    beads: BeadReadings, lives: [String: ProcessLife], at time: Timestamp
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
    let panes = await self.panes(roster: roster)
    snapshot.servers = panes.servers
    snapshot.tmuxFailure = panes.ownFailure
    snapshot.otherTmuxFailure = panes.otherFailures.first
    snapshot.failures += panes.ownFailure.map { [$0] } ?? []
    snapshot.failures += panes.otherFailures
    snapshot.agents = observations(of: census.agents, panes: panes, beads: beads, lives: lives)
    return snapshot
  }

  /// The same look with what is seen now of some agents. `nil` where only another whole look will do, as where a
  /// tmux server does not answer.
  @concurrent package func look(
    again former: TownSnapshot, at sessions: Set<String>, beads: BeadReadings, lives: [String: ProcessLife],
    time: Timestamp
  ) async -> TownSnapshot? {
    let names = sessions.sorted().compactMap { SessionName($0) }
    // Where the registry has changed, or cannot be read any more, everybody is concerned.
    guard names.count == sessions.count, let rigs = try? RigRegistry(layout: layout).rigs(),
      rigs.filter({ (try? TownName.checkRig($0.name)) != nil }) == former.rigs
    else { return nil }
    var snapshot = former.taking(beads, at: time)
    guard !names.isEmpty else { return snapshot }
    let panes = await panes(roster: Roster(rigs: snapshot.rigs.map(\.name)), sessions: names)
    guard panes.ownFailure == nil, panes.otherFailures.isEmpty else { return nil }
    snapshot.servers = panes.servers
    let indices = snapshot.agents.indices.filter { sessions.contains(snapshot.agents[$0].agent.session) }
    let seen = observations(of: indices.map { snapshot.agents[$0].agent }, panes: panes, beads: beads, lives: lives)
    for (index, observation) in zip(indices, seen) { snapshot.agents[index] = observation }
    return snapshot
  }

  private func observations(
    of agents: [AgentIdentity], panes: PaneReadings, beads: BeadReadings, lives: [String: ProcessLife]
  ) -> [AgentObservation] {
    let unreadable = panes.ownFailure ?? panes.otherFailures.first
    let holds = Holds(listing: layout)
    let bySession = Dictionary(grouping: panes.sightings, by: \.session)
    let mark = layout.mark
    return agents.map { agent in
      AgentObservation(
        agent: agent,
        liveness: Liveness.judge(
          bySession[agent.session] ?? [], boot: boot, town: mark, unreadable: unreadable,
          known: lives[agent.session]
        ).doubted(if: lives[agent.session], boot: boot) {
          processes.isRunning(ProcessIdentity(pid: $0.pid, startTime: $0.startTime))
        },
        bead: beads.bead(of: agent), work: beads.work(of: agent),
        hooked: beads.hooked(of: agent), hold: holds.hold(on: agent),
        hasDirectory: Disk.isDirectory(layout.directory(of: agent)))
    }
  }

  private struct PaneReadings: Sendable {
    var servers: Set<Town.ServerIdentity> = []
    var sightings: [PaneSighting] = []
    var ownFailure: String?
    var otherFailures: [String] = []
  }

  /// Asks all servers at once; one that does not answer costs one deadline, not one each.
  private func panes(roster: Roster, sessions: [SessionName]? = nil) async -> PaneReadings {
    let misses = ProcessTable.misses
    var readings = await readings(roster: roster, sessions: sessions)
    // A server that was not even asked is one that did not answer.
    if ProcessTable.misses != misses, readings.ownFailure == nil { readings.ownFailure = "\(PaneReader.Unseen())" }
    return readings
  }

  private func readings(roster: Roster, sessions: [SessionName]?) async -> PaneReadings {
    await withTaskGroup(of: (Bool, Result<(server: Town.ServerIdentity?, panes: [PaneSighting]), any Error>).self) {
      group in
      let clients = [(servers.own, true)] + servers.others().map { ($0, false) }
      for (client, isOwn) in clients {
        group.addTask {
          do {
            let reading = try await reader.read(client, isOwn: isOwn, roster: roster, sessions: sessions)
            if let server = reading.server { servers.note(server, at: client) }
            return (isOwn, .success(reading))
          } catch {
            return (isOwn, .failure(error))
          }
        }
      }
      var readings = PaneReadings()
      for await (isOwn, result) in group {
        switch result {
        case .success(let reading):
          if let server = reading.server { readings.servers.insert(server) }
          readings.sightings += reading.panes
        case .failure(let error) where isOwn: readings.ownFailure = "\(error)"
        case .failure(let error): readings.otherFailures.append("\(error)")
        }
      }
      return readings
    }
  }

  private func subdirectories(_ relative: String) throws(TownFileError) -> [String] {
    let path = layout.path(relative)
    return try Disk.names(in: path).filter { !$0.hasPrefix(".") && Disk.isDirectory("\(path)/\($0)") }
  }
}
