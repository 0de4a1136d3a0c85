// SPDX-License-Identifier: Apache-2.0

import Processes
import Tmux
import Town
import Trust

/// Where a process comes from that tmux shows in a pane, by the kernel's word.
///
/// What tmux prints is a claim. Any process of the user can redefine a command on a server (`command-alias`), and a
/// listing then shows what that one made of it. The kernel tells three things that no option changes: which process
/// listens on the server's socket; that a pane's first process is a child of its server; and the environment with which
/// it was started, in which tmux has put the server's pid and the pane's number (`TMUX`, `TMUX_PANE`).
struct PaneOrigin: Sendable {
  enum Verdict: Sendable, Hashable {
    /// The environment says that the server started the process in this pane.
    case proven
    /// The process is the server's, and its environment does not say in which pane it was started.
    case unproven
    /// It cannot be in this pane; and why.
    case contradicted(String)
  }

  let processes: ProcessTable

  /// Judges a process that runs.
  ///
  /// - Parameters:
  ///   - pane: in which it is said to run, `%3`.
  ///   - server: the pid of the tmux server.
  func verdict(on process: ProcessStatus, in pane: String, of server: Int32) -> Verdict {
    guard process.parent == server else {
      return .contradicted("pid \(process.pid) was not started by that server (pid \(server))")
    }
    // Before its first program is executed it has the server's own environment, which may name a pane of another server.
    guard let environment = processes.environment(of: process.pid), let home = environment["TMUX_PANE"],
      environment["TMUX"]?.split(separator: ",", omittingEmptySubsequences: false).dropLast().last == "\(server)"
    else { return .unproven }
    if home == pane { return .proven }
    return .contradicted("pid \(process.pid) was started in the pane \(displayable(home))")
  }

  /// Why a pid is not that of the server that answers at a client's socket; `nil` where it may be.
  func objection(to server: ServerLife, at client: TmuxClient) -> String? {
    guard let listener = client.listener else { return nil }
    if listener == server.pid { return nil }
    // A service manager may listen for a server.
    let isManager = processes.program(of: listener)?.hasPrefix("systemd") == true
    if isManager, processes.program(of: server.pid)?.hasPrefix("tmux") == true { return nil }
    return "it says that it is pid \(server.pid), and pid \(listener) listens at \(client.socketPath)"
  }

  /// Sees that what a server has just said of a new pane is so.
  ///
  /// - Throws: `TmuxError`, `.unreadable` where it cannot be.
  func check(_ created: CreatedPane, at client: TmuxClient) throws(TmuxError) {
    var objection = objection(to: created.server, at: client)
    if objection == nil, client.isReal, let status = processes.status(created.pid), status.isAlive,
      case .contradicted(let reason) = verdict(on: status, in: "\(created.id)", of: created.server.pid)
    {
      objection = "the new pane \(created.id) is said to run pid \(created.pid), but \(reason)"
    }
    guard let objection else { return }
    throw TmuxError(.unreadable, operation: "believe the tmux server \(client.server)", reason: objection)
  }
}
