// SPDX-License-Identifier: Apache-2.0

internal import Faults
package import Processes
package import Systemd
internal import Tmux
package import Town

/// Puts agents into control groups of their own: scopes of the user manager, below the agents' slice.
///
/// An agent is started by its tmux server, in the server's group, and is moved when it runs: nothing of its
/// environment, its terminal or its parents changes. Where it is afterwards is read from the kernel.
package struct ScopeKeeper: Sendable {
  let manager: UserManager?
  let groups: ControlGroups
  let processes: ProcessTable
  private let servers: TmuxServers

  /// - Parameter manager: the user's; `nil` where there is none.
  package init(
    manager: UserManager?, processes: ProcessTable, servers: TmuxServers, groups: ControlGroups? = nil
  ) {
    self.manager = manager
    self.groups = groups ?? ControlGroups(table: processes)
    self.processes = processes
    self.servers = servers
  }

  /// Whether there is somebody who makes groups.
  package var isAble: Bool { manager?.isThere == true }

  /// How long a tmux server that makes a scope for each pane is given to do so.
  private static let patience: Duration = .seconds(1)

  /// Puts an agent into a group of its own, with its role's limits. One that is in one already stays there.
  @concurrent package func confine(
    _ agent: AgentIdentity, life: ProcessLife, limits: TransientScope.Limits
  ) async -> Reading<AgentScope> {
    guard let manager, manager.isThere else { return .unknown("there is no user manager") }
    let process = ProcessIdentity(pid: life.pid, startTime: life.startTime)
    guard processes.isRunning(process) else { return .unknown("pid \(life.pid) has ended") }
    do {
      try await awaitMove(of: life)
      if let scope = scope(of: life), !scope.isOfTmux {
        if scope.unit != AgentScope.unit(of: agent, life: life) || limits != TransientScope.Limits() {
          try await manager.limit(scope.unit, to: limits)
        }
        return verified(scope, process: process, limits: limits)
      }
      let unit = AgentScope.unit(of: agent, life: life)
      guard let former = groups.path(of: life.pid) else {
        return .unknown("the control group of pid \(life.pid) cannot be read")
      }
      // It would go on in the other one.
      if groups.isFrozen(former) == true { return .unknown("pid \(life.pid) is frozen in \(former)") }
      // A scope of tmux's is given up: only one of ours is stopped after the daemon, and goes on when something in
      // it is killed for memory. tmux moves a process once, so it stays with us.
      let isAlone = scope(of: life) != nil
      // The agent itself only: where one of several has ended meanwhile, systemd makes no scope at all.
      try await manager.start(
        TransientScope(
          unit: unit, slice: AgentScope.slice, description: "Gas Town agent \(agent.address)",
          processes: [life.pid], stoppedAfter: ["gastown-daemon.service"], limits: limits))
      FaultPoint.scopeMade.pass(of: agent.session)
      guard let scope = scope(of: life), scope.unit == unit else {
        return .unknown("\(unit) was made, and pid \(life.pid) is in \(groups.path(of: life.pid) ?? "no group")")
      }
      // What it had started follows, and what that starts meanwhile.
      for _ in 0..<4 {
        let left =
          isAlone ? (groups.members(of: former) ?? []).filter { $0 != life.pid } : family(of: life.pid, in: former)
        if left.isEmpty { break }
        for pid in left { try? groups.move(pid, into: scope.path) }
      }
      return verified(scope, process: process, limits: limits)
    } catch {
      return .unknown("\(error)")
    }
  }

  /// The group of its own that an agent is in; `nil` where it shares one.
  package func scope(of life: ProcessLife) -> AgentScope? {
    guard let path = groups.path(of: life.pid), let unit = AgentScope.unit(at: path) else { return nil }
    let scope = AgentScope(unit: unit, path: path, life: life)
    // A tmux server that somebody has started in a scope of its own shares that with all of its panes.
    if let server = groups.path(of: life.server.pid), scope.contains(server) { return nil }
    return scope
  }

  private func verified(
    _ scope: AgentScope, process: ProcessIdentity, limits: TransientScope.Limits
  ) -> Reading<AgentScope> {
    guard groups.path(of: process.pid) == scope.path, processes.isRunning(process) else {
      return .unknown("pid \(process.pid) is not in \(scope.unit) any more")
    }
    var scope = scope
    scope.memoryMax = limits.memoryMax
    scope.tasksMax = limits.tasksMax
    return .known(scope)
  }

  /// tmux from 3.4 on, where it was built for systemd, has a scope made for each pane, and until 3.6 does not
  /// wait for that: whoever comes in between is undone.
  private func awaitMove(of life: ProcessLife) async throws {
    func isWithServer() -> Bool { groups.path(of: life.pid) == groups.path(of: life.server.pid) }
    guard isWithServer(), makesScopes(try await servers.client(of: life.server).version()) else { return }
    let end = ContinuousClock.now + Self.patience
    while isWithServer(), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
  }

  /// Descendants of a process that are in the same group as it was.
  private func family(of pid: Int32, in group: String) -> [Int32] {
    processes.descendants(of: pid).filter { $0.isAlive && groups.path(of: $0.identity.pid) == group }
      .map(\.identity.pid)
  }
}

/// Whether a tmux of this version may make scopes.
func makesScopes(_ version: String) -> Bool {
  let numbers = version.drop { !$0.isNumber }.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
  guard let major = numbers.first else { return false }
  return (major, numbers.count > 1 ? numbers[1] : 0) >= (3, 4)
}
