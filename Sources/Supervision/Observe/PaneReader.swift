// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Processes
package import Tmux
package import Town
package import TownFiles

/// Turns what tmux says of panes into what is true of them, with the help of /proc.
package struct PaneReader: Sendable {
  private let layout: TownLayout
  private let processes: ProcessTable

  package init(layout: TownLayout, processes: ProcessTable) {
    self.layout = layout
    self.processes = processes
  }

  /// The panes of one server in whose sessions an agent may live. No server is no panes.
  ///
  /// - Parameters:
  ///   - lives: those in the ledger. Of a process that is none of them all is read, as its pane's mark says nothing.
  /// - Throws: `TmuxError` where the server could not be asked.
  package func read(
    _ client: TmuxClient, isOwn: Bool, roster: Roster, lives: [String: ProcessLife] = [:]
  ) async throws -> (server: ServerIdentity?, panes: [PaneSighting], strays: [String: String]) {
    let misses = ProcessTable.misses
    // One reading of the processes for each listing: it answers whether tmux has missed an end, and what is
    // to be known of them after that.
    let known = Dictionary(
      lives.values.map { (ProcessIdentity(pid: $0.pid, startTime: $0.startTime), $0) },
      uniquingKeysWith: { first, _ in first })
    var readings = Readings(processes: processes, town: layout.mark, known: known)
    let origin = PaneOrigin(processes: processes)
    let listing = try await client.panesKicked(origin) { pane in
      guard readings.showMissedEnd(of: pane), !roster.candidates(session: pane.session).isEmpty else { return false }
      // There will be another listing, before which these were read.
      readings = Readings(processes: processes, town: layout.mark, known: known)
      return true
    }
    guard let identity = listing.identity else { return (nil, [], [:]) }
    let server = ServerIdentity(identity)
    let sightings = listing.panes.compactMap { pane -> PaneSighting? in
      let candidates = roster.candidates(session: pane.session)
      guard !candidates.isEmpty else { return nil }
      let process = readings.process(in: pane)
      var sighting = sighting(
        of: pane, process: process, isWatched: pane.mark?.token == layout.adoptedMark && readings.isWatched(pane),
        server: server, name: "\(client.server)", isOwn: isOwn, candidates: candidates)
      guard client.isReal, let process else { return sighting }
      // The ledger has it in this pane, and it had been looked at before it came there.
      if let life = known[process.identity], life.server == server {
        if life.pane != sighting.pane {
          sighting.contradiction = "pid \(pane.pid) was started in the pane \(displayable(life.pane))"
        }
        return sighting
      }
      guard let status = process.status ?? processes.status(pane.pid), status.identity == process.identity else {
        return sighting
      }
      switch origin.verdict(on: status, in: sighting.pane, of: server.pid) {
      case .proven: break
      case .unproven: sighting.isStartedHere = false
      case .contradicted(let reason): sighting.contradiction = reason
      }
      return sighting
    }
    guard ProcessTable.misses == misses else { throw Unseen() }
    return (server, sightings, strays(in: listing.panes, on: server, at: client, roster: roster, lives: lives))
  }

  /// Where the panes of known lives are that are in no session of an agent's name: a person has renamed the session, or
  /// moved the pane.
  private func strays(
    in panes: [Pane], on server: ServerIdentity, at client: TmuxClient, roster: Roster,
    lives: [String: ProcessLife]
  ) -> [String: String] {
    var strays: [String: String] = [:]
    for (session, life) in lives where life.server == server {
      guard let pane = panes.first(where: { $0.pid == life.pid && $0.id.description == life.pane }),
        pane.session != session, roster.candidates(session: pane.session).isEmpty
      else { continue }
      strays[session] =
        "its pane \(pane.id) is in the session \(quotedForDisplay(pane.session)), which was renamed or to which the pane "
        + "was moved; move it back, or give that session its name again: tmux -S \(client.socketPath) rename-session -t "
        + "\(pane.id) \(session)"
    }
    return strays
  }

  /// An agent that seems to be gone may only not have been seen.
  package struct Unseen: Error, CustomStringConvertible {
    package var description: String { "what runs on the tmux servers cannot be told: no file descriptors are left" }
  }

  private func sighting(
    of pane: Pane, process seen: Readings.Process?, isWatched: Bool, server: ServerIdentity, name: String,
    isOwn: Bool, candidates: [AgentIdentity]
  ) -> PaneSighting {
    let process: PaneSighting.Process =
      if let seen { .running(startTime: seen.identity.startTime) } else { .ended(pane.cause) }
    var sighting = PaneSighting(
      serverName: name, isOwnServer: isOwn, server: server, session: pane.session, attached: pane.attachedClients,
      pane: pane.id.description, pid: pane.pid, process: process, mark: pane.mark?.token)
    if sighting.mark == layout.adoptedMark {
      sighting.mark = layout.mark
      sighting.isAdopted = true
    } else if let mark = sighting.mark, mark != layout.mark {
      sighting.otherTown = "another town (its mark is \(mark))"
      return sighting
    }
    // Of a pane that we have made this is not read, where its process is watched.
    guard let status = seen?.status else { return sighting }
    let isOfOurMaking = sighting.mark != nil && !sighting.isAdopted
    if LoginShell.isBare(name: status.name, arguments: processes.arguments(of: pane.pid) ?? []) {
      let workers = workers(of: status)
      sighting.isBareShell = workers.isEmpty
      // What we have made is the agent, whatever it has turned into, and no tool is about to type into it.
      if !isOfOurMaking {
        sighting.workers = workers
        let oldest = workers.map { ProcessIdentity(pid: $0.pid, startTime: $0.startTime) }
          .min { $0.startTime < $1.startTime }
        sighting.age = processes.age(of: oldest ?? status.identity)
      }
    }
    // One that is watched is in the ledger. A mark alone says nothing.
    if isWatched { return sighting }
    sighting.sessionCreated = Timestamp(seconds: Int64(pane.sessionCreated))
    // What a shell was told to export shows in what it runs.
    let pids = sighting.workers.map(\.pid) + [pane.pid]
    let directory = processes.workingDirectory(of: pane.pid)
    // Not lazily: the first of a lazy collection asks twice, and traps where the process has ended in between.
    let named = pids.compactMap { processes.environment(of: $0)?["GT_TOWN_ROOT"] }.first
      .flatMap { Disk.canonical($0) ?? $0 }
    if let named, named != layout.root { sighting.otherTown = "the town \(displayable(named))" }
    let isAtHome = candidates.contains { agent in
      // What /proc says of a directory has no symbolic links in it.
      guard let home = Disk.canonical(layout.directory(of: agent)) else { return false }
      return directory == home || directory?.hasPrefix(home + "/") == true
    }
    sighting.belongsHere =
      (named == layout.root || isAtHome) && !pids.contains { isAnother($0, than: pane.session) }
    return sighting
  }

  /// Whether a process is shown not to be the agent of this session: its environment names another session, or is what a
  /// pane inherits that a person adds to a session which the daemon has made. The daemon gives the agent's command a
  /// mark of its life besides. `GT_SESSION` together with `BEADS_NO_DAEMON` is set by no other tool.
  private func isAnother(_ pid: Int32, than session: String) -> Bool {
    guard let environment = processes.environment(of: pid), let own = environment["GT_SESSION"] else { return false }
    if own != session { return true }
    guard environment["BEADS_NO_DAEMON"] != nil, environment[AgentRemains.variable] == nil else { return false }
    // While the gate waits, the mark is on its command line only.
    return processes.arguments(of: pid)?.contains { $0.hasPrefix("\(AgentRemains.variable)=") } != true
  }

  /// What a shell runs: first what has its terminal, then the rest, the oldest first. What has ended and is
  /// not reaped yet runs no more.
  private func workers(of shell: ProcessStatus) -> [Worker] {
    func rank(_ status: ProcessStatus) -> (Int, UInt64) {
      (status.processGroup == shell.foregroundGroup ? 0 : 1, status.identity.startTime)
    }
    return processes.children(of: shell.pid).filter(\.isAlive).sorted { rank($0) < rank($1) }
      .map { Worker(pid: $0.pid, startTime: $0.identity.startTime) }
  }
}

/// What was read of the first processes of one listing's panes.
private struct Readings {
  /// One that runs.
  struct Process {
    var identity: ProcessIdentity
    /// What /proc says of it; `nil` where it is not needed.
    var status: ProcessStatus?
  }

  let processes: ProcessTable
  /// The mark of the panes that we have made.
  let town: String
  /// The processes in the ledger.
  let known: [ProcessIdentity: ProcessLife]
  /// Asked after the listing, all at once, and only if there is one to be asked for.
  private lazy var watched = processes.watchedAlive()
  private var read: [Int32: Process?] = [:]

  init(processes: ProcessTable, town: String, known: [ProcessIdentity: ProcessLife]) {
    self.processes = processes
    self.town = town
    self.known = known
  }

  /// Whether the pane's process is one in the ledger, whose end is waited for.
  mutating func isWatched(_ pane: Pane) -> Bool { watched[pane.pid].map { known[$0] != nil } == true }

  /// Whether the pane's process has ended and tmux does not know of that, or not how.
  mutating func showMissedEnd(of pane: Pane) -> Bool { pane.isDead ? pane.endIsUnknown : process(in: pane) == nil }

  /// The pane's process, where it runs. What a process that we have started turns into is the agent, whatever
  /// it is: whether it lives is all that is to be known of it, and the kernel tells that of all who are watched
  /// at once.
  mutating func process(in pane: Pane) -> Process? {
    if pane.isDead { return nil }
    if let known = read[pane.pid] { return known }
    var process: Process?
    if pane.mark?.token == town, let identity = watched[pane.pid], known[identity] != nil {
      process = Process(identity: identity)
    } else if let status = processes.status(pane.pid), status.isAlive {
      process = Process(identity: status.identity, status: status)
    }
    read[pane.pid] = .some(process)
    return process
  }
}

extension ServerIdentity {
  init(_ identity: ServerLife) {
    self.init(pid: identity.pid, startedAt: Int64(identity.startTime))
  }
}

extension TmuxClient {
  /// All panes, after tmux has been made to look for the ends that it has missed. tmux before 3.6 with
  /// utempter loses SIGCHLD: the pane is dead without a cause, or is not even known to be dead while
  /// its process is a zombie. Another SIGCHLD makes it look; often it is just
  /// about to, so the first pause is a short one. After nine, half a second, the cause is given up for this
  /// time: a turn has to end.
  ///
  /// - Throws: `TmuxError`, `.unreadable` where another process listens than the one that has answered.
  func panesKicked(_ origin: PaneOrigin, where hasMissedEnd: (Pane) -> Bool) async throws -> ServerListing {
    var listing = try await panes()
    if let identity = listing.identity, let objection = origin.objection(to: identity, at: self) {
      throw TmuxError(.unreadable, operation: "believe the tmux server \(server)", reason: objection)
    }
    let end = ContinuousClock.now + .seconds(1)
    for attempt in 0...8 where ContinuousClock.now < end && listing.panes.contains(where: hasMissedEnd) {
      guard let identity = listing.identity else { break }
      Glibc.kill(identity.pid, SIGCHLD)
      try await Task.sleep(for: .milliseconds(1 << attempt))
      listing = try await panes()
    }
    return listing
  }
}

extension Pane {
  /// How the pane's process ended, where tmux knows.
  fileprivate var cause: ExitCause? {
    if let deadSignal { return .signalled(Int32(clamping: deadSignal)) }
    if let deadStatus { return .exited(status: Int32(clamping: deadStatus)) }
    return nil
  }
}
