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
  /// Whether the first process is a bare login shell without children.
  package var isBareShell: Bool
  /// Whether the process lives in the agent's directory, or its environment names this town.
  package var belongsHere: Bool
  /// The other town that the process's environment names; `nil` where it names none, or this one.
  package var otherTown: String?

  package init(
    serverName: String, isOwnServer: Bool, server: ServerIdentity, session: String, attached: Int = 0, pane: String,
    pid: Int32, process: Process, mark: String? = nil, isBareShell: Bool = false, belongsHere: Bool = true,
    otherTown: String? = nil
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
    self.isBareShell = isBareShell
    self.belongsHere = belongsHere
    self.otherTown = otherTown
  }
}
