// SPDX-License-Identifier: Apache-2.0

import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// Deaths of every class that a machine can make, in a random order, under the real supervisor: each is seen,
/// told with its true cause, kept in a capsule, and answered as the policy says; none is missed, none is
/// counted double.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(Death.count / 50 + 4))) struct DeathsTests {
  /// One under which nobody is parked, and nobody waits for long.
  private static var policy: Policy {
    var policy = Policy()
    policy.restart.initial = .milliseconds(1)
    policy.restart.max = .milliseconds(5)
    policy.restart.loopCount = 100_000
    policy.restart.loopWindow = .milliseconds(1)
    policy.restart.perMinute = 100_000
    policy.restart.exitPause = .milliseconds(20)
    policy.restart.stagger = .milliseconds(1)
    policy.spawnLook = .milliseconds(200)
    // Only a server that is gone is a reason that is all agents'.
    policy.massShare = 1_000
    policy.diskFree = 0
    policy.memoryPressure = 101
    return policy
  }

  /// Runs `body` beside a supervisor of a town of mortals.
  private func supervised(
    _ policy: Policy, polecats: Int,
    _ body: (LiveTownFixture, Supervisor, RecordedJournal, [Mortal]) async throws -> Void
  ) async throws {
    try await LiveTownFixture.with(command: ["mortal"]) { town in
      town.script("mortal", Mortal.script)
      try await town.startServer()
      let agents =
        try await town.addPolecats((1...polecats).map { "p\($0)" }) + [.deacon, .witness(rig: LiveTownFixture.rig)]
      let journal = RecordedJournal()
      let supervisor = Supervisor(world: town.world, policy: policy, journal: journal.journal(town.layout.root))
      let running = Task { await supervisor.run() }
      let result: Result<Void, any Error>
      do {
        var mortals: [Mortal] = []
        for agent in agents {
          mortals.append(try await Mortal(agent, town: town, journal: journal, supervisor: supervisor))
        }
        try await body(town, supervisor, journal, mortals)
        result = .success(())
      } catch { result = .failure(error) }
      await supervisor.stop()
      await running.value
      try result.get()
    }
  }

  /// Lets every agent suffer its own deaths, all at the same time.
  private func suffer(
    _ mortals: [Mortal], _ fate: @escaping @Sendable (inout Mortal, Int) async throws -> Void
  ) async throws -> [Mortal] {
    try await withThrowingTaskGroup(of: (Int, Mortal).self) { group in
      for (index, mortal) in mortals.enumerated() {
        group.addTask {
          var mortal = mortal
          try await fate(&mortal, index)
          return (index, mortal)
        }
      }
      var mortals = mortals
      for try await (index, mortal) in group { mortals[index] = mortal }
      return mortals
    }
  }

  @Test func `of deaths of every class each is seen, told truly, and answered once`() async throws {
    let seed = Death.seed
    print("deaths: GASTOWN_DEATHS=\(Death.count) GASTOWN_SEED=\(seed)")
    let start = ContinuousClock.now
    do {
      try await supervised(Self.policy, polecats: 8) { town, supervisor, journal, mortals in
        var mortals = mortals
        var round: UInt64 = 0
        var serversGone = 0
        func total() -> Int { mortals.reduce(0) { $0 + $1.deaths.values.reduce(0, +) } }
        while total() < Death.count {
          let turn = round
          mortals = try await suffer(mortals) { mortal, index in
            var random = SplitMix(seed: seed &+ (turn << 32) &+ UInt64(index))
            if index == Int(turn % 8) { try await mortal.die(.shellLeft, isPatient: false) }
            for _ in 0..<4 {
              let death = Death.random(of: mortal.agent.role, using: &random)
              try await mortal.die(death, isPatient: Int.random(in: 0..<4, using: &random) == 0)
            }
          }
          // Then one that is everybody's.
          let all: Death = [.serverKilled, .signalled(9), .serverEnded][Int(round % 3)]
          if all == .serverEnded { try await town.tmux("kill-server") }
          if all == .serverKilled {
            let pid = try #require(try await town.client.identity()?.pid)
            try Signals.send(9, to: try #require(ProcessTable().identity(of: pid)))
          }
          if all != .signalled(9) { serversGone += 1 }
          mortals = try await suffer(mortals) { mortal, _ in try await mortal.die(all, isPatient: false) }
          round += 1
        }
        await supervisor.beat()
        for mortal in mortals { try await mortal.settled() }
        // However many died of it, it is one, until it is quiet for a while.
        let masses = journal.entries.count { $0.event == "mass_death" }
        #expect((1...serversGone).contains(masses), "\(masses) of \(serversGone)")
        // Who is killed while it is being told is the one thing that may go wrong.
        let errors = journal.errors.filter { !$0.contains("could not be told to begin") }
        #expect(errors.isEmpty, "\(errors)")
        let running = town.processes.filter { ProcessTable().arguments(of: $0.pid)?.last?.hasSuffix("/mortal") == true }
        #expect(Set(running.map(\.pid)) == Set(mortals.map(\.process.pid)))
        tell(mortals, took: ContinuousClock.now - start)
      }
    } catch { throw NotInTime(description: "GASTOWN_SEED=\(seed): \(error)") }
  }

  private func tell(_ mortals: [Mortal], took: Duration) {
    var classes: [String: Int] = [:]
    for (death, count) in mortals.flatMap(\.deaths) { classes[death.description, default: 0] += count }
    let delays = mortals.flatMap(\.delays).sorted()
    let total = classes.values.reduce(0, +)
    print(
      "deaths: \(total) in \(took); told after \(delays[delays.count / 2]) (median), \(delays.last ?? .zero) at most")
    for (name, count) in classes.sorted(by: { $0.key < $1.key }) { print("deaths: \(count) \(name)") }
  }

  @Test func `whoever dies five times is parked, once, and nobody takes its place`() async throws {
    var policy = Self.policy
    policy.restart.loopCount = 5
    policy.restart.loopWindow = .seconds(3_600)
    try await supervised(policy, polecats: 2) { town, supervisor, journal, mortals in
      var victim = mortals[0]
      var random = SplitMix(seed: Death.seed)
      for _ in 0..<4 {
        try await victim.die(
          .signalled(try #require(Death.signals.randomElement(using: &random))), isPatient: false)
      }
      let process = victim.process
      try Signals.send(11, to: process)
      try await eventually("its parking") { journal.events(victim.agent).contains("agent_parked") }
      for _ in 0..<3 { await supervisor.beat() }
      let events = journal.events(victim.agent).filter { Mortal.events.contains($0) }
      #expect(events.suffix(2) == ["crash_detected", "agent_parked"], "\(events)")
      #expect(events.count { $0 == "crash_detected" } == 5 && events.count { $0 == "agent_parked" } == 1)
      #expect(town.starts(of: victim.agent) == 5 && !ProcessTable().isRunning(process))
      // The others are nobody's concern.
      for mortal in mortals.dropFirst() { try await mortal.settled() }
    }
  }
}
