// SPDX-License-Identifier: Apache-2.0

/// Whether an agent lives, and where.
package enum Liveness: Sendable, Hashable {
  /// Its process runs.
  case alive(ProcessLife, place: Place)
  /// Its pane is still there, with a process that has ended.
  case dead(Corpse)
  /// Its pane holds a bare login shell that runs nothing.
  case deadShell(Shell)
  /// It has no session on any of the user's servers.
  case absent
  /// A server could not be asked, or a session that is not this agent's has its name.
  case unknown(String)

  /// Where an agent was found.
  package struct Place: Sendable, Hashable {
    package var serverName: String
    package var isOwnServer: Bool
    /// Whether a daemon of this town made or adopted the pane, and the ledger knows the process in it; only such a one is
    /// ever ended.
    package var isMarked: Bool
    /// Whether others made the pane and a daemon of this town has adopted it.
    package var isAdopted = false
    /// Whether the pane bears the mark of one that we have made, and the ledger does not know what runs in it.
    package var claimsToBeOurs = false
    /// Why a pane that carries no mark is not to be adopted; `nil` where it may be.
    package var objection: String?
    /// What runs in the pane's shell, where the pane's first process is one: the agent, first of all.
    package var workers: [Worker] = []
    /// How long it takes until this can be judged: a program that has just started something in a session of others may
    /// not be finished. `nil` where it can be judged.
    package var settlesIn: Duration?
    /// When its session was made, to the second.
    package var sessionCreated: Timestamp?
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
    /// A person looks at it: it may be reported, never touched.
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

  /// The process that a person would call the agent; `nil` unless it lives.
  package var agentPID: Int32? {
    if case .alive(let life, let place) = self { place.workers.first?.pid ?? life.pid } else { nil }
  }
}

extension Liveness {
  /// How long something must have run in a session of others before it is taken for what it seems to be.
  /// Other tools make a session with a shell in it and type the agent's command a moment later, and shells
  /// run programs of their own while they start.
  package static let settling: Duration = .seconds(5)

  /// The same, unless the agent's last known process still runs: then it is not dead, and no tmux
  /// server that could be asked shows where it lives. Something of which it is not clear that it is the
  /// agent does not show that either.
  ///
  /// - Parameters:
  ///   - panes: where a bare shell is all that is left of that life, it is shown, and has ended.
  ///   - whereabouts: where its pane is, where a person has renamed its session or moved its pane to another.
  package func doubted(
    if life: ProcessLife?, boot: String, by panes: [PaneSighting] = [], whereabouts: String? = nil,
    isRunning: (ProcessLife) -> Bool
  ) -> Liveness {
    guard let life, life.boot == boot else { return self }
    switch self {
    case .unknown: return self
    case .alive(let seen, _) where seen == life: return self
    // What another tool has started in the agent's own pane is the agent.
    case .alive(let seen, let place) where place.objection == nil && seen.isInPane(of: life): return self
    case .deadShell(let shell) where shell.life == life: return self
    case .alive, .dead, .deadShell, .absent:
      if panes.contains(where: { $0.isRunning && $0.isBareShell && $0.shows(life) }) { return self }
      guard isRunning(life) else { return self }
      return .unknown(
        "its process (pid \(life.pid)) runs, but \(whereabouts ?? "no tmux server lists it in a session of its name")")
    }
  }
}

extension ProcessLife {
  /// Whether both are, or were, in the same pane.
  fileprivate func isInPane(of other: ProcessLife) -> Bool { server == other.server && pane == other.pane }
}
