// SPDX-License-Identifier: Apache-2.0

import Foundation
import Simulation
import Testing

/// The same seed gives the same trace, to the letter: else no failure could be looked into.
@Suite(.timeLimit(.minutes(3))) struct DeterminismTests {
  @Test(arguments: [2, 3, 9, 12] as [UInt64])
  func `the same seed gives the same trace, and another seed another`(seed: UInt64) async {
    let first = await simulate(Scenario(seed: seed), trace: .everything)
    let second = await simulate(Scenario(seed: seed), trace: .everything)
    #expect(first.trace.count > 50)
    #expect(first.trace == second.trace && first.digest == second.digest)
    #expect(await simulate(Scenario(seed: seed + 100)).digest != first.digest)
  }

  @Test func `simulations that run side by side do not touch one another`() async {
    let alone = await simulate(Scenario(seed: 9)).digest
    let digests = await withTaskGroup(of: String.self) { group in
      for _ in 0..<6 { group.addTask { await simulate(Scenario(seed: 9)).digest } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(digests == Array(repeating: alone, count: 6))
  }

  /// Each process of Swift's hashes in its own way: what depends on the order of a dictionary would show.
  @Test(arguments: [(2, nil), (17, 40)] as [(UInt64, Int?)])
  func `the digest is the same in every process`(seed: UInt64, agents: Int?) async throws {
    let digest = await simulate(Scenario(seed: seed, agents: agents, hours: 1)).digest
    var arguments = ["--seed", "\(seed)", "--hours", "1", "--with", "none"]
    if let agents { arguments += ["--agents", "\(agents)"] }
    for _ in 0..<3 {
      let (output, status) = try await SimulatorProgram.run(arguments)
      #expect(status == 0, "\(output)")
      #expect(output.contains("digest \(digest)"), "\(output)")
    }
  }
}
