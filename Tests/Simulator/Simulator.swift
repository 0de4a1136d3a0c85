// SPDX-License-Identifier: Apache-2.0

import Foundation
import Simulation

/// The command-line face of the simulation; it is no part of any package.
@main struct Simulator {
  static func main() {
    do throws(Options.Failure) {
      let options = try Options(CommandLine.arguments.dropFirst())
      exit(Simulator(options: options).run() ? 0 : 1)
    } catch {
      switch error {
      case .wantsHelp:
        print(Options.help)
        exit(0)
      case .unusable(let reason):
        FileHandle.standardError.write(Data("gastown-simulate: \(reason)\n\n\(Options.help)\n".utf8))
        exit(64)
      }
    }
  }

  let options: Options

  /// - Returns: whether every promise was kept.
  func run() -> Bool {
    if options.seeds == nil, options.townHours == nil, (options.towns ?? 1) == 1 {
      return tellOne(options.fresh(options.seed, hours: options.hours))
    }
    let clock = ContinuousClock()
    let begin = clock.now
    print("gastown-simulate: fresh seeds from \(options.seed) on")
    fflush(nil)
    let work = SeedQueue(known: knownSeeds(), options: options)
    DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in
      while let town = work.next() {
        work.take(Simulation(options.scenario(town), plant: options.plant).run(), of: town)
      }
    }
    let (towns, milliseconds, failed) = work.result
    for town in failed.prefix(3) { tellFailure(town) }
    if failed.count > 3 {
      let rest = failed.dropFirst(3).map { options.command($0, keeping: nil) }.joined(separator: "\n  ")
      print("promises were broken in other towns too:\n  \(rest)")
    }
    let span = clock.now - begin
    print(
      "gastown-simulate: \(towns) towns, \(milliseconds / 3_600_000) town-hours in \(span.components.seconds) s, "
        + (failed.isEmpty ? "every promise kept" : "promises broken in \(failed.count) towns"))
    return failed.isEmpty
  }

  private func knownSeeds() -> [Scenario.Known] {
    guard let path = options.seeds else { return [] }
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      FileHandle.standardError.write(Data("gastown-simulate: cannot read \(path)\n".utf8))
      exit(66)
    }
    return Scenario.known(in: text)
  }

  private func tellOne(_ town: Scenario.Known) -> Bool {
    let scenario = options.scenario(town)
    let outcome = Simulation(scenario, plant: options.plant, trace: options.printsTrace ? .everything : .digest).run()
    for line in outcome.trace { print(line) }
    print(scenario.summary)
    if outcome.violation != nil {
      tellFailure(town)
      return false
    }
    for (name, count) in outcome.counts.sorted(by: { $0.key < $1.key }) { print("  \(name): \(count)") }
    print(
      "every promise kept: \(outcome.steps) steps, \(outcome.effects) effects, \(outcome.daemons) daemons; "
        + "digest \(outcome.digest)")
    return true
  }

  /// Runs a failure again, makes it small, and prints it.
  private func tellFailure(_ town: Scenario.Known) {
    let scenario = options.scenario(town)
    let first = Simulation(scenario, plant: options.plant).run()
    let again = Simulation(scenario, plant: options.plant).run()
    print("\nFAILED \(scenario.summary)")
    print("  \(first.violation.map { "\($0)" } ?? "?")")
    print("  digest \(first.digest), and \(again.digest) when run again")
    print("  to repeat: \(options.command(town, keeping: options.kept))")
    guard let small = Minimiser.minimise(scenario, plant: options.plant) else { return }
    let kept = options.kept.map { all in small.kept.map { all.sorted()[$0] } } ?? small.kept
    print("  made small in \(small.runs) runs: \(options.command(town, keeping: kept))")
    for index in small.kept { print("    \(scenario.entries[index])") }
    print("  \(small.outcome.violation.map { "\($0)" } ?? "?")")
    print("  how it ended:")
    for line in small.outcome.trace.suffix(25) { print("    \(line)") }
    fflush(nil)
  }
}
