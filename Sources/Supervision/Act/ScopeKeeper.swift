// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc
import Synchronization
package import Processes
package import Systemd
import Tmux
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
  /// Which tmux servers may make scopes for their panes, as far as they have been asked.
  private let makers = ScopeMakers()

  /// - Parameter manager: the user's; `nil` where there is none.
  package init(
    manager: UserManager?, processes: ProcessTable, servers: TmuxServers, groups: ControlGroups? = nil
  ) {
    self.manager = manager
    self.groups = groups ?? ControlGroups(table: processes)
    self.processes = processes
    self.servers = servers
  }

  /// Whether there is a user manager that makes groups.
  package var isAble: Bool { manager?.isThere == true }

  /// Whether an agent can be seen to arrive in a group: not where the kernel has the older hierarchies only.
  package var canAwait: Bool { isAble && groups.path(of: getpid()) != nil }

  /// How long a tmux server that makes a scope for each pane is given to do so.
  private static let patience: Duration = .seconds(1)

  /// Puts an agent into a group of its own, with its role's limits. One that is in one already stays there.
  ///
  /// - Parameter former: the limits that were set on its group before.
  @concurrent package func confine(
    _ agent: AgentIdentity, life: ProcessLife, limits: AgentLimits, limited former: AgentLimits
  ) async -> Reading<AgentScope> {
    guard let manager, manager.isThere else { return .unknown("there is no user manager") }
    let process = ProcessIdentity(pid: life.pid, startTime: life.startTime)
    guard processes.isRunning(process) else { return .unknown("pid \(life.pid) has ended") }
    do {
      try await awaitMove(of: life)
      if let scope = scope(of: life), !scope.isOfTmux {
        // What others have set on a scope of theirs stays.
        let isOurs = scope.unit == AgentScope.unit(of: agent, life: life)
        try await manager.limit(
          scope.unit,
          to: TransientScope.Limits(
            limits, liftsMemory: isOurs || former.memoryMax != nil, liftsTasks: isOurs || former.tasksMax != nil))
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
      // One that was moved into another agent's group goes back, where something keeps its own in being.
      let own = former.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/\(unit)"
      if AgentScope.unit(at: former) != nil, groups.exists(own) {
        try groups.move(life.pid, into: own)
      } else {
        // The agent itself only: where one of several has ended meanwhile, systemd makes no scope at all.
        try await manager.start(
          TransientScope(
            unit: unit, slice: AgentScope.slice, description: "Gas Town agent \(agent.address)",
            processes: [life.pid], stoppedAfter: ["gastown-daemon.service"], limits: TransientScope.Limits(limits)))
      }
      FaultPoint.scopeMade.pass(of: agent.session)
      guard let scope = scope(of: life), scope.unit == unit else {
        return .unknown("\(unit) was made, and pid \(life.pid) is in \(groups.path(of: life.pid) ?? "no group")")
      }
      // What it had started follows, and what that starts meanwhile.
      for _ in 0..<4 {
        let left =
          isAlone
          ? Set(groups.members(of: former) ?? []).subtracting([life.pid]) : belongings(of: life.pid, in: former)
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
    // A process that was moved into another agent's is not at home there.
    guard scope.isOwn else { return nil }
    // A tmux server that was started in a scope of its own shares that with all of its panes.
    if let server = groups.path(of: life.server.pid), scope.contains(server) { return nil }
    return scope
  }

  /// How much the agents of all towns wait for memory, in percent of the last ten seconds.
  package var agentsPressure: Double? {
    guard let own = groups.path(of: getpid()), let place = own.firstRange(of: "/app-gastown.slice/") else { return nil }
    return groups.memoryPressure(of: own[..<place.upperBound] + AgentScope.slice)
  }

  private func verified(
    _ scope: AgentScope, process: ProcessIdentity, limits: AgentLimits
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
  /// wait for that: what comes in between is undone.
  private func awaitMove(of life: ProcessLife) async throws {
    func isWithServer() -> Bool { groups.path(of: life.pid) == groups.path(of: life.server.pid) }
    guard isWithServer(), let server = processes.identity(of: life.server.pid) else { return }
    // Asked once: a restart waits for the answer.
    let makes: Bool
    if let known = makers[server] {
      makes = known
    } else {
      guard let client = servers.client(of: life.server) else { return }
      makes = makesScopes(try await client.version())
      makers.note(server, makes: makes)
    }
    guard makes else { return }
    let end = ContinuousClock.now + Self.patience
    while isWithServer(), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
  }

  /// What a process has started that is in the same group as it was: its descendants, and what bears its mark and
  /// has left it.
  private func belongings(of pid: Int32, in group: String) -> Set<Int32> {
    var found = Set(processes.descendants(of: pid).filter(\.isAlive).map(\.pid))
    if let mark = processes.environment(of: pid)?[AgentRemains.variable] {
      found.formUnion((processes.bearers(of: AgentRemains.variable) ?? [:]).filter { $0.value == mark }.keys)
    }
    found.remove(pid)
    return found.filter { groups.path(of: $0) == group }
  }
}

extension TransientScope.Limits {
  /// - Parameters:
  ///   - liftsMemory: whether no limit of the memory is to be set as one.
  ///   - liftsTasks: whether no limit of the tasks is to be set as one.
  fileprivate init(_ limits: AgentLimits, liftsMemory: Bool = false, liftsTasks: Bool = false) {
    self.init(
      memoryMax: limits.memoryMax ?? (liftsMemory ? Self.infinity : nil),
      tasksMax: limits.tasksMax ?? (liftsTasks ? Self.infinity : nil))
  }
}

extension ControlGroups {
  /// The share of the last ten seconds, in percent, in which some process of a group waited for memory; `nil` where
  /// the kernel does not say.
  package func memoryPressure(of path: String) -> Double? {
    memoryPressureText(of: path).flatMap { HostReading.pressure($0) }
  }
}

/// Of which tmux servers it is known whether they may make scopes.
private final class ScopeMakers: Sendable {
  private let known = Mutex<[ProcessIdentity: Bool]>([:])

  subscript(server: ProcessIdentity) -> Bool? { known.withLock { $0[server] } }

  func note(_ server: ProcessIdentity, makes: Bool) {
    known.withLock { servers in
      // Servers that are gone are not kept for ever.
      if servers.count > 100 { servers = [:] }
      servers[server] = makes
    }
  }
}

/// Whether a tmux of this version may make scopes.
func makesScopes(_ version: String) -> Bool {
  let numbers = version.drop { !$0.isNumber }.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
  guard let major = numbers.first else { return false }
  return (major, numbers.count > 1 ? numbers[1] : 0) >= (3, 4)
}
