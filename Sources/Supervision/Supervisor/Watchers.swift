// SPDX-License-Identifier: Apache-2.0

import Town

/// Deaths are seen when they happen: every agent that lives is watched, and every tmux server that has answered; with the
/// end of one all of its sessions go. Ends, and steps of the wall clock, are posted as events.
struct Watchers {
  private let executor: (any TaskExecutor)?
  private let post: @Sendable (SupervisorEvent) async -> Void
  private var agents: [ProcessLife: Task<Void, Never>] = [:]
  private var servers: [ServerIdentity: Task<Void, Never>] = [:]
  private var clock: Task<Void, Never>?
  /// What the kernel had counted of the memory of the agents that live, when they were first seen.
  private var memory: [ProcessLife: MemoryEvents] = [:]

  init(executor: (any TaskExecutor)?, post: @escaping @Sendable (SupervisorEvent) async -> Void) {
    self.executor = executor
    self.post = post
  }

  /// The processes of the agents that are watched, and of the tmux servers.
  var agentPIDs: Set<Int32> { Set(agents.keys.map(\.pid)) }
  var serverPIDs: Set<Int32> { Set(servers.keys.map(\.pid)) }

  /// What the kernel has counted since an agent was first seen.
  func memory(of life: ProcessLife, in world: any TownWorld) -> MemoryEvents? {
    memory[life].map { world.memoryEventsNow($0) }
  }

  /// An agent is in a new control group: what is counted begins anew.
  mutating func recount(_ life: ProcessLife, in world: any TownWorld) { memory[life] = world.memoryEvents(of: life) }

  /// Watches the agents that live now, and no others.
  mutating func watch(_ snapshot: TownSnapshot, ledger: Ledger, in world: any TownWorld) {
    var alive: [ProcessLife: String] = [:]
    // An agent that could not be seen may live on, and may die while it still cannot be.
    var unseen = Set(snapshot.registryFailure == nil ? [] : ledger.lives.values.map { $0 })
    for observation in snapshot.agents {
      switch observation.liveness {
      case .alive(let life, let place):
        let session = observation.agent.session
        alive[life] = session
        // Where the life is a shell's, the end of what runs in it leaves the shell.
        for worker in place.workers {
          var watched = life
          (watched.pid, watched.startTime) = (worker.pid, worker.startTime)
          alive[watched] = session
        }
      case .unknown: if let life = ledger[observation.agent].life { unseen.insert(life) }
      case .dead, .deadShell, .absent: break
      }
    }
    for (life, task) in agents where alive[life] == nil && !unseen.contains(life) {
      task.cancel()
      agents[life] = nil
      memory[life] = nil
    }
    for (life, session) in alive where agents[life] == nil {
      memory[life] = world.memoryEvents(of: life)
      agents[life] = task(.died(session: session), in: world) { try await world.waitForEnd(of: life) }
    }
    watchServers(snapshot, in: world)
  }

  private mutating func watchServers(_ snapshot: TownSnapshot, in world: any TownWorld) {
    // One that does not answer for once may live.
    for (server, task) in servers
    where snapshot.tmuxIsComplete && !snapshot.servers.union(snapshot.silentServers).contains(server) {
      task.cancel()
      servers[server] = nil
    }
    for server in snapshot.servers where servers[server] == nil {
      servers[server] = task(.serverDied, in: world) { try await world.waitForEnd(of: server) }
    }
  }

  /// A step of the wall clock is noted when it happens: of two that are noted together it is not known which times were
  /// written between them.
  mutating func watchClock(in world: any TownWorld) {
    let post = self.post
    clock = Task(executorPreference: executor) {
      var bootTime = world.now() + (.zero - world.uptime())
      while await Self.wait({ try await world.waitForClockStep() }, in: world) {
        let step = world.now() + (.zero - world.uptime()) - bootTime
        // A time server's small corrections are no steps.
        guard step >= Ledger.clockTolerance || step <= .zero - Ledger.clockTolerance else { continue }
        bootTime = bootTime + step
        await post(.look)
      }
    }
  }

  mutating func stop() {
    for task in agents.values { task.cancel() }
    for task in servers.values { task.cancel() }
    clock?.cancel()
    (agents, servers, clock) = ([:], [:], nil)
  }

  private func task(
    _ event: SupervisorEvent, in world: any TownWorld, after end: @escaping @Sendable () async throws -> Void
  ) -> Task<Void, Never> {
    let post = self.post
    return Task(executorPreference: executor) {
      if await Self.wait(end, in: world) { await post(event) }
    }
  }

  /// How soon a wait is begun again that the kernel has refused, such as for want of descriptors.
  private static let rewatch: Duration = .seconds(5)

  /// Waits for an end until there is one. Returns false where the wait was cancelled.
  private static func wait(_ end: @Sendable () async throws -> Void, in world: any TownWorld) async -> Bool {
    while !Task.isCancelled {
      do {
        try await end()
        return true
      } catch {
        guard (try? await world.sleep(for: rewatch)) != nil else { return false }
      }
    }
    return false
  }
}
