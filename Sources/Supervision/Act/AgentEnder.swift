// SPDX-License-Identifier: Apache-2.0

import Faults
package import Processes
import Tmux
package import Town

/// Ends an agent on a person's command: asked first, given time, then killed; then its session goes.
///
/// Only what carries the town's mark is ended. An agent that is not adopted yet is adopted first, and
/// left alone where that cannot be done.
package struct AgentEnder: Sendable {
  private let servers: TmuxServers
  private let processes: ProcessTable
  private let adopter: AgentAdopter
  private let scopes: ScopeKeeper?
  /// How long an agent has to put its work away.
  private let grace: Duration

  package init(
    servers: TmuxServers, processes: ProcessTable, adopter: AgentAdopter, scopes: ScopeKeeper? = nil,
    grace: Duration = .seconds(3)
  ) {
    self.scopes = scopes
    self.servers = servers
    self.processes = processes
    self.adopter = adopter
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
        try await removeSession(of: agent, holding: corpse.pane, of: corpse.pid, on: corpse.server, place: corpse.place)
        return .ended("it had ended already")
      case .deadShell(let shell) where shell.isAttached:
        return .failed("a person is looking at the shell that it left; leave that first")
      case .deadShell(let shell) where !shell.belongsHere:
        return .failed("its session holds a shell that is not this agent's; end that first")
      case .deadShell(let shell):
        return try await end(shell.life, of: agent, place: shell.place)
      case .alive(let life, let place):
        if let obstacle = await obstacle(to: agent, life: life, place: place) { return .failed(obstacle) }
        return try await end(life, of: agent, place: place)
      }
    } catch {
      return .failed("\(error)")
    }
  }

  /// Why an agent that lives must not be ended.
  private func obstacle(to agent: AgentIdentity, life: ProcessLife, place: Liveness.Place) async -> String? {
    if place.isMarked { return nil }
    let what = "its session \(agent.session) on the tmux server \(place.serverName) was made by others"
    if let objection = place.objection { return "\(what), and \(objection)" }
    switch await adopter.adopt(AdoptionRule.Order(adopting: agent, life: life, place: place)) {
    case .adopted: return nil
    case .declined(let reason), .failed(let reason): return "\(what), and could not be adopted: \(reason)"
    }
  }

  private func end(_ life: ProcessLife, of agent: AgentIdentity, place: Liveness.Place) async throws -> EndOutcome {
    let identity = ProcessIdentity(pid: life.pid, startTime: life.startTime)
    let ender = ProcessEnder(table: processes)
    // The last look before something is ended. All that is told of a process before is tmux's word, and the ledger's.
    if let status = processes.status(life.pid), status.identity == identity,
      case .contradicted(let reason) = PaneOrigin(processes: processes).verdict(
        on: status, in: life.pane, of: life.server.pid)
    {
      return .failed("\(reason), so it is not the agent, and it is not ended")
    }
    // One that is frozen would not hear that it is to end.
    await scopes?.thaw(life)
    // What runs in a shell has its time before the shell is hung up on, and its terminal with it.
    let workers = isBareShell(identity) ? processes.children(of: life.pid).filter(\.isAlive).map(\.identity) : []
    let first = try await withThrowingTaskGroup(of: ProcessEnder.Outcome.self) { group in
      for worker in workers { group.addTask { try await ender.end(worker, grace: grace) } }
      return try await group.reduce(into: [ProcessEnder.Outcome]()) { $0.append($1) }
    }
    let last = try await ender.end(identity, grace: grace)
    let outcomes = first + [last]
    let survivors = outcomes.flatMap(\.survivors)
    guard survivors.isEmpty else {
      return .failed("\(survivors.count) of its processes did not end: \(survivors.map(\.pid))")
    }
    FaultPoint.endGone.pass(of: agent.session)
    try await removeSession(of: agent, holding: life.pane, of: life.pid, on: life.server, place: place)
    let pid = workers.first?.pid ?? life.pid
    let isKilled = (workers.isEmpty ? outcomes : first).contains { !$0.killed.isEmpty }
    return .ended(isKilled ? "pid \(pid) had to be killed" : "pid \(pid) ended when asked")
  }

  private func isBareShell(_ process: ProcessIdentity) -> Bool {
    guard let status = processes.status(process.pid), status.identity == process else { return false }
    return LoginShell.isBare(name: status.name, arguments: processes.arguments(of: process.pid) ?? [])
  }

  /// Takes away what is left of the session, where that still holds the agent's pane: on the server where
  /// agents are started, elsewhere only where the pane is marked. Another session of that name, which
  /// was made meanwhile, stays. So does one in which another pane lives, such as one that a person has split
  /// off: the agent's dead pane remains in it, and the next start takes that.
  private func removeSession(
    of agent: AgentIdentity, holding pane: String, of pid: Int32, on server: ServerIdentity, place: Liveness.Place
  ) async throws {
    let client = servers.client(at: place)
    do {
      let listing = try await client.panes()
      guard listing.identity?.pid == server.pid,
        let left = listing.panes.first(where: {
          // Another process may have been put there.
          $0.id.description == pane && $0.pid == pid && $0.session == agent.session
        }),
        place.isOwnServer || left.mark != nil
      else { return }
      _ = try await client.kill(sessionID: left.sessionID, of: left.id, withProcess: pid)
    } catch let error as TmuxError where error.code == .noSuchTarget || error.code == .noServer {
      // Gone already, which is all that was wanted.
    }
  }
}
