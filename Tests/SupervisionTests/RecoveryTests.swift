// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// Supervisors that stop, are killed, or cannot write.
@Suite(.timeLimit(.minutes(1))) struct RecoveryTests {
  private let town = ModelTown()

  @Test(arguments: [ModelTown.Gate.launch, .launched])
  func `killed in the middle of a restart, the next daemon finishes it with one process and records it once`(
    step: ModelTown.Gate
  ) async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    let first = ModelProcess(town)
    try await withSupervisor(of: town, process: first) { supervisor in
      await supervisor.beat()
      town.kill(polecat)
      town.close(step)
      await supervisor.askBeat()
      await town.wait(for: .launch(polecat.session))
      if step == .launched { await town.wait { $0.processes[polecat.session] == 2 } }
      first.kill()
    }
    #expect(town.events(of: polecat) == [.crashDetected])
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      if step == .launch { await town.advance(by: .seconds(1)) }
      await town.wait(for: .event(.agentRestarted, polecat.session))
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.crashDetected, .agentRestarted])
      #expect(town.processes(of: polecat) == 2 && town.isAlive(polecat))
      let record = town.with { $0.ledger[polecat] }
      #expect(record.restarts == 1 && record.death == nil && record.launch == nil && record.life != nil)
      #expect(town.with { $0.pending.map(\.session) } == [polecat.session])
    }
  }

  @Test func `a hundred daemons in a row cost no agent anything`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    for round in 0..<100 {
      let process = ModelProcess(town)
      try await withSupervisor(of: town, process: process) { supervisor in
        await supervisor.beat()
        if round.isMultiple(of: 2) { process.kill() }
      }
    }
    #expect(town.processes(of: polecat) == 1 && town.processes(of: .deacon) == 1)
    #expect(
      town.events(of: polecat).isEmpty && town.events(of: .deacon).isEmpty && town.count(.end(polecat.session)) == 0)
  }

  @Test func `one who died while no daemon ran is a crash to the next`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { await $0.beat() }
    town.with { $0.sessions[polecat.session] = nil }
    try await withSupervisor(of: town) { await $0.beat() }
    #expect(town.events(of: polecat) == [.crashDetected, .agentRestarted])
  }

  @Test func `what cannot be written down is said once, and written as soon as it can be`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.saveFailure = "disk full" }
      town.kill(polecat)
      await supervisor.beat()
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.errors.filter { $0.contains("disk full") }.count == 1)
      #expect(town.with { $0.ledger[polecat].restarts } == 0)
      town.with { $0.saveFailure = nil }
      await supervisor.beat()
      #expect(town.with { $0.ledger[polecat].restarts } == 1)
      #expect(town.with { $0.pending.map(\.session) } == [polecat.session])
    }
  }

  @Test func `a store that cannot be read is told once, and again only after it could be`() async throws {
    town.raise(.deacon)
    town.with { $0.beadFailure = "bd: locked" }
    try await withSupervisor(of: town) { supervisor in
      for _ in 0..<3 { await supervisor.beat() }
      #expect(town.events(of: nil) == [.storeUnavailable])
      town.with { $0.beadFailure = nil }
      await supervisor.beat()
      town.with { $0.beadFailure = "bd: locked" }
      for _ in 0..<2 { await supervisor.beat() }
      #expect(town.events(of: nil) == [.storeUnavailable, .storeUnavailable])
    }
  }

  @Test func `an agent that cannot be started is told about once, and tried again with growing pauses`() async throws {
    town.with { $0.outcomes[.deacon] = .failed("no executable") }
    try await withSupervisor(of: town) { supervisor in
      for (round, wait) in ([1, 2, 4] as [Int64]).enumerated() {
        await town.wait(for: .event(.restartFailed, "gt-deacon"), count: round + 1)
        await town.wait(for: .sleep(.seconds(wait)))
        await town.advance(by: .seconds(wait))
      }
      await supervisor.beat()
      #expect(town.with { $0.notices.map(\.key) } == ["cannot-start"])
      #expect(town.log.contains(.send("cannot-start", subject: "CRASHED_DEACON: deacon cannot be restarted")))
    }
  }

  @Test func `a launch that declines again and again is no tight loop`() async throws {
    town.with { $0.outcomes[.deacon] = .declined("it is there already") }
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .sleep(.seconds(1)))
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.count(.launch("gt-deacon")) == 1)
    }
  }

  @Test func `beats that are asked for together are one reading`() async throws {
    town.raise(.deacon)
    town.close(.readBeads)
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .readBeads)
      async let first: Void = supervisor.beat()
      async let second: Void = supervisor.beat()
      // Both wait for a reading that begins after they were asked for.
      await town.wait { $0.log.count { $0 == .look } >= 2 }
      await supervisor.askBeat()
      town.open(.readBeads)
      _ = await (first, second)
      #expect(town.count(.readBeads) <= 3)
    }
  }

  @Test(arguments: [ModelTown.Gate.readBeads, .readAfresh, .launch])
  func `stopping answers every beat that waits`(gate: ModelTown.Gate) async throws {
    town.raise(.deacon)
    town.addPolecat("a")
    town.close(gate)
    try await withSupervisor(of: town) { supervisor in
      Task {
        await supervisor.beat()
        town.note(.error("answered"))
      }
      await town.wait { state in
        state.log.contains {
          switch ($0, gate) {
          case (.readBeads, .readBeads), (.readAfresh, .readAfresh), (.launch, .launch): true
          default: false
          }
        }
      }
      await supervisor.stop()
      await town.wait(for: .error("answered"))
      #expect(town.count(.error("answered")) == 1)
    }
  }

  @Test(arguments: [(PersonCommand.Verb.start, ModelTown.Gate.launch), (.stop, .end), (.restart, .end)])
  func `stopping answers every command that waits, also one that comes with it`(
    verb: PersonCommand.Verb, gate: ModelTown.Gate
  ) async throws {
    let polecat = town.addPolecat("a", hook: nil)
    town.raise(.deacon)
    if verb != .start { town.raise(polecat) }
    town.close(gate)
    try await withSupervisor(of: town) { supervisor in
      let command = PersonCommand(verb, agent: polecat, who: "ada")
      let waiting = Task { await ask(supervisor, command) }
      await town.wait { $0.log.contains(gate == .launch ? .launch(polecat.session) : .end(polecat.session)) }
      await supervisor.stop()
      town.open(gate)
      await town.wait(for: .error("refused"))
      await ask(supervisor, command)
      #expect(town.count(.error("refused")) == 2)
      waiting.cancel()
    }
  }

  /// The stop is taken in with whatever came during a turn; what came before it must not be lost.
  @Test func `a command that comes together with the stop is answered`() async throws {
    town.raise(.deacon)
    for round in 1...20 {
      try await withSupervisor(of: town) { supervisor in
        await supervisor.beat()
        town.close(.look)
        let looks = town.count(.look)
        await supervisor.askBeat()
        await town.wait(for: .look, count: looks + 1)
        Task { await ask(supervisor, PersonCommand(.start, agent: .deacon, who: "ada")) }
        for _ in 0..<10 { _ = await supervisor.health() }
        await supervisor.stop()
        town.open(.look)
        await town.wait(for: .error("refused"), count: round)
        #expect(town.count(.error("refused")) == round)
      }
    }
    #expect(town.processes(of: .deacon) == 1)
  }

  /// Notes the answer in the town's log, so that one that never comes ends the test and not the run.
  private func ask(_ supervisor: Supervisor, _ command: PersonCommand) async {
    do {
      _ = try await supervisor.carryOut(command)
      town.note(.error("done"))
    } catch {
      town.note(.error("refused"))
    }
  }

  @Test func `a message that could not be sent outlives the daemon and goes out once it can`() async throws {
    town.with {
      $0.missingDirectories = [.deacon]
      $0.sendFailure = "the store is locked"
    }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.with { $0.notices.isEmpty && $0.ledger.outbox.map(\.key) == ["cannot-start"] })
      #expect(town.errors.count == 1)
    }
    town.with { $0.sendFailure = nil }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.with { $0.notices.map(\.key) == ["cannot-start"] && $0.ledger.outbox.isEmpty })
    }
  }

  @Test func `beads that could not be read are read again long before the next heartbeat`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(polecat)
      town.with { $0.beadFailure = "bd timed out" }
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.crashDetected])
      town.with { $0.beadFailure = nil }
      await town.advance(by: .seconds(30))
      await town.wait(for: .event(.agentRestarted, polecat.session))
    }
  }
}
