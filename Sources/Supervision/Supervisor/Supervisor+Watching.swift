// SPDX-License-Identifier: Apache-2.0

import Town

/// Deaths are seen when they happen: every agent that lives is watched, and its end is a turn's cause.
extension Supervisor {
  /// Watches those who live now, and nobody else.
  func watch(_ snapshot: TownSnapshot) {
    guard mode == .town else { return }
    var alive: [ProcessLife: String] = [:]
    // Who could not be seen may live on, and may die while nobody can look.
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
    for (life, task) in watches where alive[life] == nil && !unseen.contains(life) {
      task.cancel()
      watches[life] = nil
      memory[life] = nil
    }
    for (life, session) in alive where watches[life] == nil {
      let world = self.world
      memory[life] = world.memoryEvents(of: life)
      watches[life] = Task(executorPreference: executor) { [weak self] in
        guard await Supervisor.wait({ try await world.waitForEnd(of: life) }, in: world) else { return }
        await self?.post(.died(session: session))
      }
    }
  }

  /// Watches the tmux servers that have answered: with the end of one all of its sessions go.
  func watchServers(_ snapshot: TownSnapshot) {
    guard mode == .town else { return }
    // One that does not answer for once may live.
    for (server, task) in serverWatches
    where snapshot.tmuxIsComplete
      && !snapshot.servers.union(snapshot.silentServers).contains(server)
    {
      task.cancel()
      serverWatches[server] = nil
    }
    for server in snapshot.servers where serverWatches[server] == nil {
      let world = self.world
      serverWatches[server] = Task(executorPreference: executor) { [weak self] in
        guard await Supervisor.wait({ try await world.waitForEnd(of: server) }, in: world) else { return }
        await self?.post(.serverDied)
      }
    }
  }

  /// A step of the wall clock is noted when it happens: of two that are noted together it is not known which times were
  /// written between them.
  func watchClock() {
    guard mode == .town else { return }
    let world = self.world
    clockWatch = Task(executorPreference: executor) { [weak self] in
      var bootTime = world.now() + (.zero - world.uptime())
      while await Supervisor.wait({ try await world.waitForClockStep() }, in: world) {
        let step = world.now() + (.zero - world.uptime()) - bootTime
        // A time server's small corrections are no steps.
        guard step >= Ledger.clockTolerance || step <= .zero - Ledger.clockTolerance else { continue }
        bootTime = bootTime + step
        await self?.post(.look)
      }
    }
  }

  /// How soon a wait is begun again that the kernel has refused, such as for want of descriptors.
  private static let rewatch: Duration = .seconds(5)

  /// Waits for an end until there is one. Returns false where nobody wants to know it any more.
  private static func wait(
    _ end: @Sendable () async throws -> Void, in world: any TownWorld
  ) async -> Bool {
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

  func stopWatching() {
    for task in watches.values { task.cancel() }
    watches = [:]
    for task in serverWatches.values { task.cancel() }
    serverWatches = [:]
    clockWatch?.cancel()
    clockWatch = nil
  }
}
