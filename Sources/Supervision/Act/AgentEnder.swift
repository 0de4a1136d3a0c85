// SPDX-License-Identifier: Apache-2.0

package import Processes
internal import Tmux
package import Town

/// Ends an agent on a person's command: asked first, given time, then killed; then its session goes.
package struct AgentEnder: Sendable {
  private let servers: TmuxServers
  private let processes: ProcessTable
  /// How long an agent has to put its work away.
  private let grace: Duration

  package init(servers: TmuxServers, processes: ProcessTable, grace: Duration = .seconds(3)) {
    self.servers = servers
    self.processes = processes
    self.grace = grace
  }

  @concurrent package func end(_ agent: AgentIdentity, liveness: Liveness) async -> EndOutcome {
    do {
      switch liveness {
      case .unknown(let reason):
        return .failed(reason)
      case .absent:
        return .ended("it was not running")
      case .dead(let corpse):
        try await removeSession(of: agent, onOwnServer: corpse.place.isOwnServer)
        return .ended("it had ended already")
      case .deadShell(let shell) where shell.isAttached:
        return .failed("a person is looking at the shell that it left; leave that first")
      case .deadShell(let shell):
        return try await end(shell.life, of: agent, place: shell.place)
      case .alive(let life, let place):
        return try await end(life, of: agent, place: place)
      }
    } catch {
      return .failed("\(error)")
    }
  }

  private func end(_ life: ProcessLife, of agent: AgentIdentity, place: Liveness.Place) async throws -> EndOutcome {
    let identity = ProcessIdentity(pid: life.pid, startTime: life.startTime)
    let outcome = try await ProcessEnder(table: processes).end(identity, grace: grace)
    guard outcome.succeeded else {
      return .failed("\(outcome.survivors.count) of its processes did not end: \(outcome.survivors.map(\.pid))")
    }
    try await removeSession(of: agent, onOwnServer: place.isOwnServer)
    return .ended(outcome.killed.isEmpty ? "pid \(life.pid) ended when asked" : "pid \(life.pid) had to be killed")
  }

  /// Takes away what is left of the session on the server where agents are started. On a server that
  /// is somebody else's the session is left to its owner.
  private func removeSession(of agent: AgentIdentity, onOwnServer: Bool) async throws {
    guard onOwnServer, let session = SessionName(agent.session) else { return }
    do {
      try await servers.own.kill(session: session)
    } catch let error as TmuxError where error.code == .noSuchTarget || error.code == .noServer {
      // Gone already, which is all that was wanted.
    }
  }
}
