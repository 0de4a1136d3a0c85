// SPDX-License-Identifier: Apache-2.0

/// Whether an agent lives, and where.
package enum Liveness: Sendable, Hashable {
  /// Its process runs.
  case alive(ProcessLife, place: Place)
  /// Its pane is still there, with a process that has ended.
  case dead(Corpse)
  /// Its pane holds a bare login shell with nobody in it.
  case deadShell(Shell)
  /// It has no session on any of the user's servers.
  case absent
  /// A server could not be asked, or somebody else's session bears its name.
  case unknown(String)

  /// Where an agent was found.
  package struct Place: Sendable, Hashable {
    package var serverName: String
    package var isOwnServer: Bool
    /// Whether a daemon of this town made or adopted the pane; only such a one is ever ended.
    package var isMarked: Bool
  }

  /// A pane whose process has ended. Its scrollback still holds the last words.
  package struct Corpse: Sendable, Hashable {
    package var place: Place
    package var server: ServerIdentity
    package var pane: String
    package var pid: Int32
    package var cause: ExitCause?
  }

  /// A live shell that an agent has left behind.
  package struct Shell: Sendable, Hashable {
    package var life: ProcessLife
    package var place: Place
    /// Somebody looks at it: it may be reported, never touched.
    package var isAttached: Bool
    /// Whether its directory and environment show that it was this agent's.
    package var belongsHere: Bool
  }

  /// The process of one that is alive.
  package var life: ProcessLife? {
    if case .alive(let life, _) = self { life } else { nil }
  }

  package var isAlive: Bool {
    if case .alive = self { true } else { false }
  }
}

extension Liveness {
  /// Judges one agent by the panes of the sessions that bear its name, on all servers.
  ///
  /// In a session that carries this town's mark the marked pane is the agent, whatever it has turned
  /// into by exec, and every other pane is a person's. In a session without a mark a bare login shell
  /// without children is a dead shell, and anything else that runs is alive. A living agent anywhere
  /// outweighs a dead one elsewhere: an agent on another server is never started twice.
  ///
  /// - Parameters:
  ///   - town: the mark of this town.
  ///   - unreadable: why some server could not be asked: an agent that was not seen may live there.
  ///     A corpse in a marked pane is proof enough of a death without it.
  package static func judge(
    _ panes: [PaneSighting], boot: String, town: String, unreadable: String?
  ) -> Liveness {
    let marked = panes.filter { $0.mark == town }
    let ours =
      marked
      + panes.filter { pane in
        pane.mark == nil && pane.otherTown == nil
          && !marked.contains { $0.server == pane.server && $0.session == pane.session }
      }
    if let alive = ours.first(where: { $0.isRunning && (!$0.isBareShell || $0.mark == town) }) {
      return .alive(alive.life(boot: boot), place: alive.place(town: town))
    }
    if let corpse = marked.first(where: \.isOwnServer) ?? marked.first, case .ended(let cause) = corpse.process {
      return .dead(corpse.corpse(cause, town: town))
    }
    if let unreadable { return .unknown(unreadable) }
    if let shell = ours.first(where: \.isRunning) {
      return .deadShell(
        Shell(
          life: shell.life(boot: boot), place: shell.place(town: town), isAttached: shell.attached > 0,
          belongsHere: shell.belongsHere))
    }
    if let corpse = ours.first(where: \.isOwnServer) ?? ours.first, case .ended(let cause) = corpse.process {
      return .dead(corpse.corpse(cause, town: town))
    }
    if let foreign = panes.first(where: { $0.isOwnServer }) {
      let owner = foreign.otherTown ?? "another town"
      return .unknown("session \(foreign.session) on \(foreign.serverName) belongs to \(owner)")
    }
    return .absent
  }
}

extension Liveness {
  /// The same, unless the agent's last known process still runs: then it is not dead, and no tmux
  /// server that could be asked shows where it lives.
  package func doubted(
    if life: ProcessLife?, boot: String, isRunning: (ProcessLife) -> Bool
  ) -> Liveness {
    guard let life, life.boot == boot else { return self }
    switch self {
    case .alive, .unknown: return self
    case .deadShell(let shell) where shell.life == life: return self
    case .dead, .deadShell, .absent:
      return isRunning(life) ? .unknown("its process (pid \(life.pid)) runs, but no tmux server shows it") : self
    }
  }
}

extension PaneSighting {
  fileprivate var isRunning: Bool {
    if case .running = process { true } else { false }
  }

  fileprivate func place(town: String) -> Liveness.Place {
    Liveness.Place(serverName: serverName, isOwnServer: isOwnServer, isMarked: mark == town)
  }

  fileprivate func corpse(_ cause: ExitCause?, town: String) -> Liveness.Corpse {
    Liveness.Corpse(place: place(town: town), server: server, pane: pane, pid: pid, cause: cause)
  }

  fileprivate func life(boot: String) -> ProcessLife {
    let startTime: UInt64 = if case .running(let time) = process { time } else { 0 }
    return ProcessLife(boot: boot, server: server, pane: pane, pid: pid, startTime: startTime)
  }
}
