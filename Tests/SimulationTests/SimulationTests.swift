// SPDX-License-Identifier: Apache-2.0

import Foundation
import Dispatch
import Simulation
import Testing

/// What the simulation finds, and how it tells of it. The large budget is `make simulate`'s.
@Suite(.timeLimit(.minutes(5))) struct SimulationTests {
  @Test(arguments: 0..<4 as Range<UInt64>) func `in small towns every promise is kept`(round: UInt64) async {
    for seed in 4 * round + 1...4 * round + 4 {
      let outcome = await simulate(Scenario(seed: seed, agents: 6, hours: 2))
      #expect(
        outcome.violation == nil,
        "make simulate SEED=\(seed) AGENTS=6 HOURS=2: \(outcome.violation.map { "\($0)" } ?? "")")
    }
  }

  /// Those of towns of two days are `make simulate-known`'s: a debug build takes minutes for them.
  @Test func `seeds that have failed once never fail again`() async throws {
    let file = try #require(Bundle.module.url(forResource: "failed-seeds", withExtension: "txt"))
    let known = Scenario.known(in: try String(contentsOf: file, encoding: .utf8))
    let short = known.filter { $0.hours == nil }
    #expect(short.count > 28 && known.count - short.count >= 12)
    for town in short {
      let outcome = await simulate(Scenario(seed: town.seed))
      #expect(
        outcome.violation == nil,
        "make simulate SEED=\(town.seed): \(outcome.violation.map { "\($0)" } ?? "")")
    }
  }

  @Test func `a town is lively: agents die and come back, daemons die, requests are carried out`() async {
    var counts: [String: Int] = [:]
    var daemons = 0
    for seed in 1...12 as ClosedRange<UInt64> {
      let outcome = await simulate(Scenario(seed: seed, agents: 8, hours: 2))
      counts.merge(outcome.counts) { $0 + $1 }
      daemons += outcome.daemons
    }
    for name in ["crash_detected", "agent_restarted", "agent_ready", "lifecycle_executed", "kill", "mass_death"] {
      #expect(counts[name] ?? 0 > 2, "\(name): \(counts)")
    }
    #expect(daemons > 24)
  }

  @Test func `a failure is replayed to the same step, and made small`() async throws {
    let planted = try #require(PlantTests.cases.first { $0.plant == .requestsAreBelieved })
    let first = await simulate(planted.scenario, plant: planted.plant)
    let again = await simulate(planted.scenario, plant: planted.plant)
    #expect(first.violation != nil && first.violation == again.violation && first.digest == again.digest)
    let small = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: Minimiser.minimise(planted.scenario, plant: planted.plant, limit: 60))
      }
    }
    let result = try #require(small)
    #expect(result.outcome.violation?.promise == planted.promise)
    #expect(result.kept.count < planted.scenario.entries.count / 2 && result.kept.count <= 3, "\(result.kept)")
    #expect(
      await simulate(planted.scenario.keeping(result.kept), plant: planted.plant).violation == result.outcome.violation)
    #expect(Minimiser.minimise(Scenario(seed: 5, agents: 0, hours: 1), limit: 1) == nil)
  }

  @Test func `the command tells of a failure, with what repeats it, and fails`() async throws {
    let (output, status) = try await SimulatorProgram.run(
      ["--seed", "1", "--agents", "6", "--hours", "2", "--plant", "textIsPrinted"])
    #expect(status == 1)
    for text in ["FAILED seed 1", "make simulate SEED=1 HOURS=2 AGENTS=6", "KEEP=", "PLANT=textIsPrinted"] {
      #expect(output.contains(text), "\(output)")
    }
    let refused = try await SimulatorProgram.run(["--sead", "1"])
    #expect(refused.status == 64 && refused.output.contains("there is no option '--sead'"))
  }
}
