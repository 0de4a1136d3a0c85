// SPDX-License-Identifier: Apache-2.0

/// One pane of one of the user's tmux servers, with what /proc says of its first process.
package struct PaneSighting: Sendable, Hashable {
  package enum Process: Sendable, Hashable {
    /// Running; `startTime` in clock ticks since boot.
    case running(startTime: UInt64)
    /// Ended, whether tmux has noticed it (status and signal, where known) or it is still a zombie.
    case ended(ExitCause?)
  }

  /// The server's address as a person would give it to tmux.
  package var serverName: String
  /// Whether this is the server on which this town's agents are started.
  package var isOwnServer: Bool
  package var server: ServerIdentity
  package var session: String
  /// The number of clients that look at the session.
  package var attached: Int
  package var pane: String
  package var pid: Int32
  package var process: Process
  /// The town whose mark the pane carries; `nil` for a pane that no daemon has made or adopted.
  package var mark: String?
  /// Whether others made the pane and a daemon of the town has adopted it.
  package var isAdopted: Bool
  /// Whether the first process is a bare login shell without children.
  package var isBareShell: Bool
  /// The processes below the first process, where that is a bare login shell; the terminal's foreground comes first.
  package var workers: [Worker]
  /// How long the agent has been there at most: its process, or what runs in its shell; `nil` where that
  /// was not looked at.
  package var age: Duration?
  /// Whether the process lives in the agent's directory, or its environment names this town.
  package var belongsHere: Bool
  /// Whether the environment of the process shows that tmux started it in this pane, or the ledger has it there.
  package var isStartedHere = true
  /// Why the process cannot be in this pane, although tmux shows it there; `nil` where it may be.
  package var contradiction: String?
  /// The other town that the process's environment names; `nil` where it names none, or this one.
  package var otherTown: String?
  /// When the session was made, to the second; `nil` where that was not looked at.
  package var sessionCreated: Timestamp?

  package init(
    serverName: String, isOwnServer: Bool, server: ServerIdentity, session: String, attached: Int = 0, pane: String,
    pid: Int32, process: Process, mark: String? = nil, isAdopted: Bool = false, isBareShell: Bool = false,
    workers: [Worker] = [], age: Duration? = nil, belongsHere: Bool = true, otherTown: String? = nil
  ) {
    self.serverName = serverName
    self.isOwnServer = isOwnServer
    self.server = server
    self.session = session
    self.attached = attached
    self.pane = pane
    self.pid = pid
    self.process = process
    self.mark = mark
    self.isAdopted = isAdopted
    self.isBareShell = isBareShell
    self.workers = workers
    self.age = age
    self.belongsHere = belongsHere
    self.otherTown = otherTown
  }
}

/// A process that a shell runs in its pane.
package struct Worker: Sendable, Hashable {
  package var pid: Int32
  /// Clock ticks since boot.
  package var startTime: UInt64

  package init(pid: Int32, startTime: UInt64) {
    self.pid = pid
    self.startTime = startTime
  }
}

extension [PaneSighting] {
  /// The same panes, each with the session of the agent whose life the ledger has of its process. tmux can move a pane to
  /// another session (`swap-pane`, `join-pane`): what lives there is the agent that it was, and not the other session's.
  ///
  /// - Parameter lives: the lives in the ledger, by session.
  package func attributed(to lives: [String: ProcessLife], boot: String) -> [PaneSighting] {
    let owners = Dictionary(
      lives.filter { $0.value.boot == boot }.map { ($0.value.pid, (session: $0.key, life: $0.value)) },
      uniquingKeysWith: { first, _ in first })
    return map { pane in
      guard pane.isRunning, let owner = owners[pane.pid], pane.shows(owner.life), pane.session != owner.session
      else { return pane }
      var moved = pane
      moved.session = owner.session
      return moved
    }
  }
}

extension PaneSighting {
  package var isRunning: Bool {
    if case .running = process { true } else { false }
  }

  /// Whether this is the pane of a life in the ledger, even if another process lives in it now.
  func isPane(of life: ProcessLife) -> Bool { server == life.server && pane == life.pane }

  /// Whether this is the pane and the process of a life that is remembered.
  func shows(_ life: ProcessLife) -> Bool {
    guard isPane(of: life), pid == life.pid else { return false }
    if case .running(let startTime) = process { return startTime == life.startTime }
    return true
  }

  /// The pane's number; panes of one server are numbered in the order in which they were made.
  var number: Int { Int(pane.dropFirst()) ?? Int.max }
}
