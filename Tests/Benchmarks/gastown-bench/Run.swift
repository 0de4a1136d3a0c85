// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// A whole run: towns on both stores grow, and are measured at each size.
struct Run {
  /// Which measurements are wanted; all where it is empty.
  var only: Set<String>
  private var results: Results
  private var arrivals: Arrivals
  private let isQuick: Bool

  init(isQuick: Bool, only: Set<String>) throws {
    self.isQuick = isQuick
    self.only = only
    results = Results(machine: try .here(), isQuick: isQuick)
    let home = FileManager.default.homeDirectoryForCurrentUser.path
    setenv("PATH", "/opt/bench/bin:/usr/local/bin:/usr/bin:/bin", 1)
    arrivals = try Arrivals(path: "\(home)/arrivals")
  }

  mutating func measure() throws -> Results {
    let rivals: [any Contender] = [try UserService(arrivals: arrivals), try Runit(arrivals: arrivals)]
    for store in [Measurement.Store.embedded, .bd] {
      say("A town, \(store.words)")
      let ours = try Ours(store: store, arrivals: arrivals)
      for count in sizes(of: store) {
        let steps = steps(agents: count, store: store).filter { only.isEmpty || only.contains($0) }
        if steps.isEmpty { continue }
        say("\(count) polecats, \(store.words)")
        let hasGrown = attempt("making the town, \(count) polecats, \(store.words)") { run in
          try ours.grow(to: count, arrivals: &run.arrivals)
          if count < 1_000 { for rival in rivals { try rival.grow(to: count, arrivals: &run.arrivals) } }
        }
        guard hasGrown else { break }
        for step in steps {
          say("  \(step)")
          attempt("\(step), \(count) polecats, \(store.words)") { run in
            try run.take(step, ours: ours, rivals: rivals, agents: count)
          }
        }
      }
      try ours.stop()
      arrivals.forget(arrivals.living.keys.filter { $0.hasPrefix("gt-") })
    }
    for rival in rivals { try rival.stop() }
    results.machine.loadAfter = Machine.load()
    return results
  }

  /// What fails is said, and the others are measured all the same.
  @discardableResult
  private mutating func attempt(_ what: String, _ body: (inout Run) throws -> Void) -> Bool {
    do {
      try body(&self)
      return true
    } catch {
      say("    failed: \(error)")
      results.failures.append("\(what): \(error)")
      return false
    }
  }

  private func sizes(of store: Measurement.Store) -> [Int] {
    switch (isQuick, store) {
    case (true, .embedded): [1, 10]
    case (true, .bd): [10]
    case (false, .embedded): [1, 10, 50, 200, 1_000]
    case (false, .bd): [10, 50, 200, 1_000]
    }
  }

  private func steps(agents count: Int, store: Measurement.Store) -> [String] {
    switch (count, store) {
    case (1, _): ["deaths"]
    case (10, .embedded): isQuick ? ["deaths", "mass", "idle", "beats", "start", "profile"] : ["beats"]
    case (10, .bd): isQuick ? ["deaths", "beats"] : ["beats"]
    case (50, .embedded): ["deaths", "beats"]
    case (200, .embedded): ["deaths", "mass", "idle", "beats", "start", "profile"]
    case (200, .bd): ["deaths", "beats", "profile"]
    default: ["beats"]
    }
  }

  private mutating func take(_ step: String, ours: Ours, rivals: [any Contender], agents: Int) throws {
    let all = [ours] + rivals
    switch step {
    case "deaths":
      let rounds =
        isQuick ? 5 : agents == 1 ? 40 : agents == 50 ? 50 : agents == 200 && ours.store == .embedded ? 200 : 60
      let figures = try Deaths.oneByOne(all, agents: agents, rounds: rounds, arrivals: &arrivals)
      add(.death, agents, ours.store, "ms", figures, of: all)
    case "mass":
      let figures = try Deaths.allAtOnce(all, agents: agents, rounds: isQuick ? 1 : 5, arrivals: &arrivals)
      add(.mass, agents, ours.store, "ms", figures, of: all)
    case "beats":
      try takeBeats(ours, agents: agents)
    case "idle":
      let usages = try Idle.measure(all, seconds: isQuick ? 10 : 60)
      add(.idleProcessor, agents, ours.store, "ms a minute", usages.map { Figure([$0.processor]) }, of: all)
      add(.idleWakeups, agents, ours.store, "a minute", usages.map { Figure([$0.wakeups]) }, of: all)
      add(.residentMemory, agents, ours.store, "MB", usages.map { Figure([$0.memory.resident]) }, of: all)
      add(.anonymousMemory, agents, ours.store, "MB", usages.map { Figure([$0.memory.anonymous]) }, of: all)
    case "start":
      let times = try Starts.times(isQuick ? 3 : 10)
      let loop = try Beats.loopTimes(isQuick ? 1 : 3, polecats: agents, store: ours.store)
      add(.start, agents, ours.store, "ms", times, beside: loop)
      let memory = try Idle.memory(all)
      add(.freshResidentMemory, agents, ours.store, "MB", memory.map { Figure([$0.resident]) }, of: all)
      add(.freshAnonymousMemory, agents, ours.store, "MB", memory.map { Figure([$0.anonymous]) }, of: all)
    case "profile":
      let profile = try Profile.take(ours, agents: agents, deaths: isQuick ? 5 : 40, arrivals: &arrivals)
      results.profiles?.append(profile)
      for phase in profile.phases { say("    \(phase.figure.median) ms: \(phase.name)") }
      for command in profile.commands { say("    started: \(command)") }
    default:
      throw Problem("no step is called \(step)")
    }
  }

  private mutating func takeBeats(_ ours: Ours, agents: Int) throws {
    try ours.settle()
    let store = ours.store
    let loop = try Beats.loopTimes(agents > 200 || isQuick ? 1 : 3, polecats: agents, store: store)
    add(.beatTime, agents, store, "ms", try Beats.times(isQuick ? 5 : 20), beside: loop)
    let processes = try Beats.processes(isQuick ? 1 : 3)
    add(
      .beatProcesses, agents, store, "processes", processes, beside: Beats.loopProcesses(polecats: agents, store: store)
    )
  }

  private mutating func add(
    _ kind: Measurement.Kind, _ agents: Int, _ store: Measurement.Store, _ unit: String, _ figures: [Figure],
    of contenders: [any Contender]
  ) {
    let alternatives = zip(contenders, figures).dropFirst().map {
      Measurement.Alternative(name: $0.name, figure: $1)
    }
    append(
      Measurement(
        kind: kind, agents: agents, store: store, unit: unit, ours: figures[0], alternatives: alternatives))
  }

  private mutating func add(
    _ kind: Measurement.Kind, _ agents: Int, _ store: Measurement.Store, _ unit: String, _ figure: Figure,
    beside loop: Figure
  ) {
    let alternative = Measurement.Alternative(name: "shell loop", figure: loop)
    append(
      Measurement(kind: kind, agents: agents, store: store, unit: unit, ours: figure, alternatives: [alternative]))
  }

  private mutating func append(_ measurement: Measurement) {
    results.measurements.append(measurement)
    let others = measurement.alternatives.map { ", \($0.name) \($0.figure.median)" }.joined()
    say("    \(measurement.kind.rawValue): \(measurement.ours.median) \(measurement.unit)\(others)")
  }

  private func say(_ text: String) { Shell.say(text) }
}
