// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Commands
import Glibc
import Processes
import Supervision
import Town

/// How long it takes from the death of an agent until its new process runs its first instruction, by the clock that
/// it reads there: the real supervisor, a real tmux server, the embedded bead store.
@main
struct RestartLatency: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart-latency", abstract: "Measure the time from an agent's death to its new process.")

  @Option(help: "How many polecats are watched; a Deacon and a Witness are always there too.")
  var agents = 200
  @Option(help: "How many deaths are measured.")
  var deaths = 100
  @Option(help: "The pause after each, in milliseconds.")
  var pause = 100
  @Flag(help: "With each agent in a scope of the user manager at $XDG_RUNTIME_DIR.")
  var scopes = false
  @Option(help: "How often everybody is killed at once, too.")
  var mass = 0
  @Flag(help: "Print when each step of the way has ended, too.")
  var steps = false
  @Option(help: "How long to count wake-ups while nothing happens, in seconds.")
  var idle = 0

  func run() async throws {
    let town = try await BenchTown(agents: agents, hasScopes: scopes)
    var failure: (any Error)?
    do { try await measure(town) } catch { failure = error }
    await town.end()
    if let failure { throw failure }
  }

  private func measure(_ town: BenchTown) async throws {
    let timed = TimedTown(town.world)
    let supervisor = town.supervisor(timed)
    async let running: Void = supervisor.run()
    do {
      try await town.settle()
      if steps { await look(town) }
      try await kill(town, timed)
      for _ in 0..<mass { try await killEverybody(town) }
      if idle > 0 { try await countWakeUps(town) }
    } catch {
      await supervisor.stop()
      await running
      throw error
    }
    await supervisor.stop()
    await running
  }

  private func look(_ town: BenchTown) async {
    let beads = await town.world.readBeads(hooks: [])
    var samples: [Duration] = []
    for _ in 0..<50 {
      let start = ContinuousClock.now
      _ = await town.world.look(beads: beads, lives: [:])
      samples.append(ContinuousClock.now - start)
    }
    print("a look while nothing happens: median \(text(samples, 0.5)), p90 \(text(samples, 0.9))")
  }

  private func kill(_ town: BenchTown, _ timed: TimedTown) async throws {
    var samples: [Duration] = []
    var least: [Duration] = []
    var marks: [String: [Duration]] = [:]
    let other = LeastRestart(town)
    try await other.begin()
    for number in 0..<deaths {
      let victim = town.polecats[number * 7 % town.polecats.count]
      guard let process = town.arrivals.process(of: victim.session) else { throw ExitCode.failure }
      timed.reset()
      let start = Moment.now
      try Signals.send(SIGKILL, to: process)
      samples.append(try await town.arrivals.next(of: victim.session, after: process) - start)
      try await Task.sleep(for: .milliseconds(pause))
      least.append(try await other.sample())
      try await Task.sleep(for: .milliseconds(pause))
      for (name, time) in timed.marks { marks[name, default: []].append(time - start) }
    }
    print(
      "\(agents) agents\(scopes ? " in scopes" : ""), \(deaths) deaths: "
        + "median \(text(samples, 0.5)), p90 \(text(samples, 0.9)), p99 \(text(samples, 0.99)), max \(text(samples, 1)); "
        + "beside it the least restart: median \(text(least, 0.5)), p90 \(text(least, 0.9)); "
        + "ours / the least: \(ratio(samples, least))"
    )
    guard steps else { return }
    for (name, times) in marks.sorted(by: { percentile($0.value, 0.5) < percentile($1.value, 0.5) }) {
      print("  \(text(times, 0.5))  \(name) (\(times.count))")
    }
  }

  private func killEverybody(_ town: BenchTown) async throws {
    try await town.settle()
    let victims = town.polecats.compactMap { agent in
      town.arrivals.process(of: agent.session).map { (session: agent.session, process: $0) }
    }
    let start = Moment.now
    for victim in victims { try Signals.send(SIGKILL, to: victim.process) }
    var last = start
    for victim in victims { last = max(last, try await town.arrivals.next(of: victim.session, after: victim.process)) }
    print("\(victims.count) deaths at once: all back after \(text([last - start], 0)); \(BenchTown.ownMemory())")
    try await town.settle()
    try await Task.sleep(for: .seconds(6))
    print("  when that is over: \(BenchTown.ownMemory())")
  }

  private func countWakeUps(_ town: BenchTown) async throws {
    try await town.settle()
    let server = try await town.serverProcess()
    // What has just happened has timers of its own, for up to a few seconds.
    try await Task.sleep(for: .seconds(6))
    let before = (BenchTown.ownSwitches(), BenchTown.switches(of: server))
    try await Task.sleep(for: .seconds(idle))
    let after = (BenchTown.ownSwitches(), BenchTown.switches(of: server))
    print(
      "idle for \(idle) s: \(after.0 - before.0) context switches here (\(perSecond(after.0 - before.0)) a second; "
        + "this wait is some of them), \(after.1 - before.1) of the tmux server (\(perSecond(after.1 - before.1)))")
  }

  /// More than a few are a loop that wakes up for nothing.
  private func perSecond(_ count: Int) -> String {
    let tenths = count * 10 / max(idle, 1)
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// Of the medians.
  private func ratio(_ samples: [Duration], _ others: [Duration]) -> String {
    let hundredths = Int(percentile(samples, 0.5) * 100 / percentile(others, 0.5))
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }

  private func percentile(_ samples: [Duration], _ share: Double) -> Duration {
    let sorted = samples.sorted()
    return sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
  }

  private func text(_ samples: [Duration], _ share: Double) -> String {
    let tenths = Int(percentile(samples, share) / .microseconds(100))
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}
