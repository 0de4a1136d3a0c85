// SPDX-License-Identifier: Apache-2.0

import Logging
import Supervision
import Town

/// Runs one scenario in virtual time: the real rules and the real supervisor against a world of ours. All of
/// it happens on the thread that calls ``run()``.
package final class Simulation {
  package struct Outcome: Sendable {
    package var scenario: Scenario
    package var violation: Violation?
    package var digest: String
    /// How much virtual time has passed.
    package var milliseconds: Int64
    package var steps: Int
    package var effects: Int
    package var daemons: Int
    package var trace: [String]
    package var counts: [String: Int]
  }

  private let scenario: Scenario
  private let plant: SeededDefect?
  private let executor = SimulationExecutor()
  private let town: SimulatedTown
  private var supervisor: Supervisor?
  private var running: Task<Void, Never>?
  private let end: Int64
  private let calmAt: Int64

  /// - Parameters:
  ///   - plant: a fault of the product that is put in, to see it found.
  package init(_ scenario: Scenario, plant: SeededDefect? = nil, trace: Trace.Extent = .digest) {
    self.scenario = scenario
    self.plant = plant
    town = SimulatedTown(scenario, plant: plant, trace: trace)
    calmAt = scenario.milliseconds
    end = calmAt + Scenario.calm(agents: scenario.agents.count)
  }

  package func run() -> Outcome {
    startDaemon()
    executor.drain()
    var beats: [Int64] = [calmAt, calmAt + 420_000]
    while true {
      settleDaemon()
      if let beat = beats.first, town.with({ $0.clock }) >= beat {
        beats.removeFirst()
        askCalmBeat()
        continue
      }
      let limit = beats.first ?? end
      let happening = town.with { world -> ScheduledEvent? in
        guard world.inspector.violation == nil else { return nil }
        return world.advance(before: limit)
      }
      guard let happening else {
        if beats.isEmpty || town.with({ $0.inspector.violation != nil }) { break }
        town.with { $0.clock = limit }
        continue
      }
      perform(happening)
      executor.drain()
    }
    let outcome = town.with { world in
      Outcome(
        scenario: scenario, violation: world.inspector.violation, digest: world.trace.digest,
        milliseconds: world.clock, steps: world.inspector.steps, effects: world.inspector.effects,
        daemons: world.lastDaemon,
        trace: world.trace.lines, counts: world.inspector.counts)
    }
    town.with { $0.killDaemon("the simulation is over") }
    settleDaemon()
    return outcome
  }

  // MARK: Steps

  private func perform(_ happening: ScheduledEvent) {
    switch happening {
    case .wake(let id): town.with { $0.wake(id) }
    case .end(let pid, let cause): town.with { $0.end(pid, cause) }
    case .endTrouble(let trouble, let since): town.with { $0.endTrouble(trouble, since: since) }
    case .endChild(let pid): town.with { $0.children[pid] = nil }
    case .endStranger(let pid): town.with { $0.endStranger(pid) }
    case .startDaemon: startDaemon()
    case .askBeat: askBeat()
    case .tick:
      town.with { world in
        world.inspectBounds()
        world.agenda.enter(.tick, at: world.clock + SimulatedWorld.tick)
        if world.daemon?.isReady == true, world.daemon?.askedAt == nil { world.daemon?.askedAt = world.clock }
      }
      let supervisor = self.supervisor
      Task(executorPreference: executor) { await supervisor?.askWatchdog() }
    case .incident(let number): befall(scenario.entries[number].incident)
    }
  }

  private func befall(_ incident: Incident) {
    town.with { $0.befall(incident) }
    switch incident {
    case .command(let verb, let number): command(verb, number)
    case .askBeat: askBeat()
    case .assign, .assignMany, .request, .forge, .announce, .finish, .closeWork:
      // The bead store's files have changed, which is mostly seen.
      town.with { world in
        if world.dice.chance(80) {
          let time = world.clock + world.dice.span(500...4_000)
          world.agenda.enter(.askBeat, at: time)
        }
      }
    case .killDaemon(let effects, let milliseconds):
      town.with { world in
        world.daemon?.fuse = effects
        world.daemon?.pause = Int64(milliseconds)
      }
    case .stopDaemon(let milliseconds):
      guard let supervisor else { return }
      town.with { $0.daemon?.pause = Int64(milliseconds) }
      Task(executorPreference: executor) { await supervisor.stop() }
    default: break
    }
  }

  private func askBeat() {
    let supervisor = self.supervisor
    town.with { world in
      guard world.daemon?.isReady == true, world.hasNoExcuse else { return }
      for number in world.agents.indices where world.agents[number].needsBeat {
        world.agents[number].needsBeat = false
        world.agents[number].downSince = nil
      }
    }
    Task(executorPreference: executor) { await supervisor?.askBeat() }
  }

  /// From here on everything must come right by itself, once somebody looks.
  private func askCalmBeat() {
    town.with { $0.note("calm") }
    askBeat()
    executor.drain()
  }

  /// A person's command, as `gt` gives it to the daemon. Where none runs `gt` takes the town's lock, and
  /// carries it out with a supervisor of its own.
  private func command(_ verb: PersonCommand.Verb, _ number: Int) {
    let isAlone = supervisor == nil
    if isAlone { startDaemon(.commands) }
    guard let supervisor else { return }
    let town = self.town
    let agent = town.with { world -> AgentIdentity in
      let index = world.agent(number)
      if verb == .stop || verb == .restart {
        world.agents[index].permits.append(
          Permit(pid: nil, sentAt: world.clock, expires: world.clock + 3_600_000))
      }
      world.agents[index].starts = []
      world.inspector.openCommands += 1
      return world.agents[index].identity
    }
    Task(executorPreference: executor) {
      let answer: String
      do {
        answer = try await supervisor.carryOut(
          PersonCommand(verb, agent: agent, who: "ada", why: SimulatedWorld.evilText)
        ).text
      } catch {
        answer = "refused: \(error)"
      }
      if isAlone { await supervisor.stop() }
      town.with { world in
        world.inspector.openCommands -= 1
        world.note("answer to \(verb) \(agent.session): \(answer)")
      }
    }
  }

  // MARK: The daemon

  private func startDaemon(_ mode: Supervisor.Mode = .town) {
    let town = self.town
    guard supervisor == nil else {
      // The lock is somebody's: it waits.
      return town.with { $0.agenda.enter(.startDaemon, at: $0.clock + 1_000) }
    }
    let number = town.with { world -> Int in
      world.lastDaemon += 1
      world.daemon = DaemonProcess(number: world.lastDaemon, mode: mode, startedAt: world.clock)
      world.note("\(mode == .town ? "daemon" : "gt") \(world.lastDaemon) starts")
      return world.lastDaemon
    }
    let daemon = SimulatedDaemon(town: town, number: number)
    let world: any TownWorld = plant.map { PlantedTown(daemon, $0) } ?? daemon
    let supervisor = Supervisor(
      world: world, policy: plant?.policy ?? Policy(),
      journal: SimulatedJournal.journal(of: daemon, isRaw: plant == .textIsPrinted), mode: mode,
      reports: SupervisorReports(
        ready: { line in
          town.with { world in
            if world.lives(number) { world.daemon?.isReady = true }
            world.note("ready: \(line)")
          }
        },
        watchdog: { town.with { world in if world.lives(number) { world.daemon?.askedAt = nil } } },
        broken: { reason in town.with { $0.violate(.daemonIsSound, reason) } }),
      executor: executor)
    self.supervisor = supervisor
    running = Task(executorPreference: executor) {
      await supervisor.run()
      town.with { $0.leave(number) }
    }
  }

  /// Clears away a daemon that has ended, and has the next one started, as the service manager does.
  private func settleDaemon() {
    guard supervisor != nil, town.with({ $0.daemon?.isDead ?? true }) else { return }
    running?.cancel()
    supervisor = nil
    running = nil
    executor.drain()
    town.with { world in
      if world.inspector.openCommands > 0 {
        world.violate(.nothingHangs, "\(world.inspector.openCommands) commands are never answered")
      }
      // After a `gt` the daemon comes when it would have come.
      if world.daemon?.mode != .commands {
        world.agenda.enter(.startDaemon, at: world.clock + (world.daemon?.pause ?? 100))
      }
    }
  }
}

extension SimulatedWorld {
  /// Goes on to what comes next, if that is not after `limit`.
  fileprivate mutating func advance(before limit: Int64) -> ScheduledEvent? {
    guard let next = agenda.next, next <= limit, let entry = agenda.take() else { return nil }
    clock = max(clock, entry.time)
    inspector.steps += 1
    return entry.item
  }

  fileprivate mutating func endTrouble(_ trouble: Outage, since: Int64) {
    // It may have been prolonged.
    guard troubles[trouble] == since else { return }
    troubles[trouble] = nil
    if !trouble.isNoExcuse { inspector.lastTrouble = clock }
    note("\(trouble) is over")
    guard trouble == .commandIsMissing else { return }
    wasMissingBriefly = missingSince.map { clock - $0 < RestartPolicy.commandPause.wholeMilliseconds } ?? false
    missingSince = nil
    for number in agents.indices {
      guard extras.contains(.missingCommands), wasMissingBriefly else {
        agents[number].needsBeat = true
        continue
      }
      // Who was told so has been told of a moment.
      if ledger.agents[agents[number].session]?.restartPolicy.parking?.reason == .noCommand {
        agents[number].isKnownDown = false
      }
    }
  }

  /// A daemon has stopped by itself.
  fileprivate mutating func leave(_ number: Int) {
    if lives(number) { killDaemon("it has left") }
  }
}
