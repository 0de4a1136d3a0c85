// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// The restart policy in the real supervisor, on virtual time.
@Suite(.timeLimit(.minutes(1))) struct PolicyTests {
  private let town = ModelTown()

  /// Kills an agent as often as it takes to park it.
  private func park(_ agent: AgentIdentity, _ supervisor: Supervisor) async {
    for (round, wait) in ([0, 1, 2, 4] as [Int64]).enumerated() {
      town.kill(agent)
      await supervisor.askBeat()
      let restarted = ModelTown.Call.event(.agentRestarted, agent.session)
      guard wait > 0 else {
        await town.wait(for: restarted, count: round + 1)
        continue
      }
      await town.wait(
        forSleep: .seconds(wait), after: .event(.crashDetected, agent.session), count: round + 1)
      await town.pass(.seconds(wait), until: restarted, count: round + 1)
    }
    town.kill(agent)
    await supervisor.askBeat()
    await town.wait(for: .event(.agentParked, agent.session))
  }

  @Test func `a crash loop is parked, tried every ten minutes, and cleared by ten stable ones`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await park(polecat, supervisor)
      #expect(town.count(.event(.agentParked, polecat.session)) == 1 && town.processes(of: polecat) == 5)
      await town.wait { $0.notices.count == 1 && $0.ledger.outbox.isEmpty }
      #expect(await supervisor.status().line.contains("1 parked (rig/a)"))
      #expect(town.with { $0.notices.map(\.key) } == ["parked"])
    }
    // The next daemon knows it, and so does one whose clock was set back by a day.
    town.with { $0.now = $0.now + .seconds(-86_400) }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 5)
      for trial in 0..<3 {
        await town.pass(.seconds(600), until: .event(.agentRestarted, polecat.session), count: 5 + trial)
        if trial < 2 {
          town.kill(polecat)
          await supervisor.beat()
        }
      }
      #expect(town.count(.event(.agentParked, polecat.session)) == 1)
      #expect(town.count(.event(.agentCleared, polecat.session)) == 0)
      await town.pass(.seconds(600), until: .event(.agentCleared, polecat.session))
      await supervisor.beat()
      #expect(town.isAlive(polecat) && town.with { $0.ledger[polecat].restartPolicy } == RestartPolicy())
      #expect(town.with { $0.notices.map(\.key) } == ["parked"])
    }
  }

  @Test func `a person's reset begins anew at once`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await park(polecat, supervisor)
      let command = PersonCommand(.reset, agent: polecat, who: "ada", why: "fixed")
      let outcome = try await supervisor.carryOut(command)
      #expect(outcome.changed && outcome.text.hasPrefix("rig/a is no longer parked (5 crashes within 15m0s); "))
      await town.pass(.milliseconds(1), until: .event(.agentRestarted, polecat.session), count: 5)
      #expect(town.count(.event(.agentCleared, polecat.session)) == 1)
      let again = try await supervisor.carryOut(PersonCommand(.reset, agent: .deacon, who: "ada"))
      #expect(!again.changed && again.text == "deacon has nothing to reset")
    }
  }

  @Test func `a person's reset waits no longer for one that exited without an error`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(polecat, cause: .exited(status: 0))
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 1)
      let outcome = try await supervisor.carryOut(PersonCommand(.reset, agent: polecat, who: "ada"))
      #expect(outcome.changed)
      await town.pass(.milliseconds(1), until: .event(.agentRestarted, polecat.session))
      #expect(town.isAlive(polecat) && town.count(.event(.agentCleared, polecat.session)) == 1)
    }
  }

  @Test func `a person's restart of one that is parked clears it`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await park(polecat, supervisor)
      let outcome = try await supervisor.carryOut(PersonCommand(.restart, agent: polecat, who: "ada"))
      #expect(outcome.pid != nil && town.isAlive(polecat))
      #expect(town.events(of: polecat).suffix(3) == [.agentStopped, .agentCleared, .agentStarted])
      #expect(town.with { $0.ledger[polecat].restartPolicy } == RestartPolicy())
    }
  }

  @Test func `one that exits three times without finishing its work is parked`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      for round in 1...3 {
        town.kill(polecat, cause: .exited(status: 0))
        await supervisor.beat()
        #expect(town.processes(of: polecat) == round)
        let next: ModelTown.Call = .event(round < 3 ? .agentRestarted : .agentParked, polecat.session)
        await town.pass(.seconds(30), until: next, count: round < 3 ? round : 1)
      }
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 3 && !town.isAlive(polecat))
      #expect(town.with { $0.ledger[polecat].restartPolicy.parking?.reason } == .unfinished)
    }
  }

  @Test func `one that puts its work down within half a minute has not crashed`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(polecat, cause: .exited(status: 0))
      await supervisor.beat()
      // The listing knows nothing of it yet: what counts is what is read afresh.
      town.with { $0.beads[polecat.bead]?.description = "a\n\nagent_state: idle\nhook_bead: null" }
      await town.pass(.seconds(30), until: .event(.agentStopped, polecat.session))
      #expect(town.processes(of: polecat) == 1 && town.with { $0.notices.isEmpty })
      #expect(town.with { $0.ledger[polecat].restartPolicy.exits.times.isEmpty })
    }
  }

  @Test func `each step of the clock is noted when it happens, not when something else is to be done`() async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      for (count, span) in [7_200, -600].enumerated() {
        town.with {
          $0.now = $0.now + .seconds(span)
          $0.clockSteps += 1
        }
        await town.wait { $0.ledger.clockSteps.count == count + 1 }
      }
    }
  }

  @Test func `a command that is not there is looked for at each heartbeat`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    town.with { $0.missingCommands = [.polecat: "claude"] }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.events(of: polecat).isEmpty && town.count(.launch(polecat.session)) == 0)
      await town.pass(.seconds(30), until: .event(.agentParked, polecat.session))
      for _ in 0..<5 { await supervisor.beat() }
      #expect(town.events(of: polecat) == [.agentParked] && town.count(.launch(polecat.session)) == 0)
      town.with { $0.missingCommands = [:] }
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.agentParked, .agentCleared, .agentStarted])
    }
  }

  @Test func `no more are started in a minute than the limit says, and the others after it`() async throws {
    let polecats = ["a", "b", "c", "d", "e"].map { town.addPolecat($0) }
    town.raise(.deacon)
    for polecat in polecats { town.raise(polecat) }
    var policy = Policy()
    policy.restart.perMinute = 2
    policy.restart.stagger = .zero
    policy.massShare = 1
    try await withSupervisor(of: town, policy: policy) { supervisor in
      await supervisor.beat()
      for polecat in polecats { town.kill(polecat) }
      await supervisor.askBeat()
      for (minute, alive) in [2, 4, 5].enumerated() {
        @Sendable func areUp(_ state: ModelTown.State) -> Bool {
          polecats.count { state.sessions[$0.session]?.isAlive == true } >= alive
        }
        if minute == 0 { await town.wait(until: areUp) } else { await town.pass(.seconds(60), until: areUp) }
        await supervisor.beat()
        #expect(polecats.count { town.isAlive($0) } == alive, "in minute \(minute)")
      }
    }
  }

  @Test func `a tmux server that dies is one mass death, with one message for each rig`() async throws {
    let polecats = ["a", "b", "c"].map { town.addPolecat($0) }
    town.raise(.deacon)
    for polecat in polecats { town.raise(polecat) }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { state in
        state.sessions = [:]
        state.servers = []
      }
      await supervisor.askBeat()
      await town.wait(for: .event(.massDeath, nil))
      for step in 1...2 { await town.wait(for: .sleep(.milliseconds(250) * step)) }
      await town.pass(.seconds(1)) { state in polecats.allSatisfy { state.sessions[$0.session]?.isAlive == true } }
      await supervisor.beat()
      #expect(town.count(.event(.massDeath, nil)) == 1)
      #expect(polecats.allSatisfy { town.events(of: $0) == [.crashDetected, .agentRestarted] })
      #expect(town.events(of: .deacon) == [.crashDetected, .agentRestarted])
      let notices = town.with { $0.notices }
      #expect(notices.map(\.key) == ["mass-death", "mass-death"])
      #expect(Set(notices.map(\.recipients)) == [["mayor/", "overseer"], ["rig/witness"]])
      await town.wait { $0.log.contains(.announce("mass_death", nil)) }
      #expect(town.log.count { if case .announce = $0 { true } else { false } } == 1)
    }
  }

  @Test func `a full disk holds restarts back, says so once, and lets go by itself`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.host = HostReading(diskFree: 1) }
      town.kill(polecat)
      for _ in 0..<3 { await supervisor.beat() }
      #expect(town.count(.event(.restartsHeld, nil)) == 1 && town.count(.launch(polecat.session)) == 0)
      #expect(await supervisor.status().line.contains("restarts are held back: 0 MiB are free"))
      // A person's command is carried out all the same.
      town.kill(.deacon)
      let outcome = try await supervisor.carryOut(PersonCommand(.start, agent: .deacon, who: "ada"))
      #expect(outcome.changed)
      town.with { $0.host = HostReading(diskFree: 1 << 40, memoryPressure: 0) }
      await town.pass(.seconds(30), until: .event(.agentRestarted, polecat.session))
      #expect(town.count(.event(.restartsResumed, nil)) == 1)
    }
  }

  @Test func `a clock that is set moves no wait`() async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(.deacon)
      await supervisor.beat()
      town.with { $0.now = $0.now + .seconds(86_400) }
      town.kill(.deacon)
      await supervisor.beat()
      #expect(town.count(.launch("gt-deacon")) == 1)
      town.with { $0.now = $0.now + .seconds(-30 * 86_400) }
      await supervisor.beat()
      #expect(town.count(.launch("gt-deacon")) == 1)
      await town.pass(.seconds(1), until: .event(.agentRestarted, "gt-deacon"), count: 2)
    }
  }

  // MARK: The person's own command

  @Test func `what a person should know is told to the command, once for each event`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await park(polecat, supervisor)
      await town.wait(for: .announce("agent_parked", polecat.session))
      // The Deacon cannot be brought back: said once, however often it is tried.
      town.with { $0.outcomes[.deacon] = .failed("no tmux") }
      town.kill(.deacon)
      await supervisor.beat()
      await town.pass(.seconds(1), until: .event(.restartFailed, "gt-deacon"), count: 2)
      await supervisor.beat()
      let told = town.log.filter { if case .announce = $0 { true } else { false } }
      #expect(told == [.announce("agent_parked", polecat.session), .announce("restart_failed", "gt-deacon")])
      #expect(town.with { $0.ledger.announcements.isEmpty })
    }
  }

  @Test func `a command that fails is said, and not run again`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.with { $0.announceFailure = "exit 3" }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await park(polecat, supervisor)
      await town.wait { !$0.log.filter { if case .error = $0 { true } else { false } }.isEmpty }
      await supervisor.beat()
      #expect(town.errors == ["the command in 'notify' was not told of agent_parked: exit 3"])
      #expect(town.count(.announce("agent_parked", polecat.session)) == 1)
    }
  }

  @Test func `what one daemon did not come to the next one tells; without a command nothing is kept`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    let first = ModelProcess(town)
    try await withSupervisor(of: town, process: first) { supervisor in
      await supervisor.beat()
      town.close(.announce)
      await park(polecat, supervisor)
      await town.wait(for: .announce("agent_parked", polecat.session))
      first.kill()
    }
    #expect(town.with { $0.ledger.announcements.map(\.event) } == ["agent_parked"])
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .announce("agent_parked", polecat.session), count: 2)
      await supervisor.beat()
      #expect(town.with { $0.ledger.announcements.isEmpty })
    }
    town.with { state in
      state.announces = false
      state.ledger.announcements = [Announcement(TownEvent(.massDeath, message: "old"), at: state.now)]
    }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.with { $0.ledger.announcements.isEmpty } && town.count(.announce("mass_death", nil)) == 0)
    }
  }
}
