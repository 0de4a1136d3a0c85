// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// What people want of single agents, and how that meets what the rules want.
@Suite(.timeLimit(.minutes(1))) struct CommandTests {
  private let town = ModelTown()

  private func command(_ verb: PersonCommand.Verb, _ agent: AgentIdentity) -> PersonCommand {
    PersonCommand(verb, agent: agent, who: "ada", why: "lunch")
  }

  private func refusal(_ supervisor: Supervisor, _ verb: PersonCommand.Verb, _ agent: AgentIdentity) async -> String {
    await #expect(throws: CommandRefusal.self) { try await supervisor.carryOut(command(verb, agent)) }?.description
      ?? ""
  }

  @Test func `a stop is written down before anything is ended, is no crash, and lasts`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.close(.end)
      async let outcome = supervisor.carryOut(command(.stop, polecat))
      await town.wait(for: .end(polecat.session))
      #expect(town.with { $0.holds[polecat]?.value??.kind } == .stop)
      town.open(.end)
      try await #expect(outcome.changed)
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.agentStopped] && !town.isAlive(polecat))
      #expect(town.with { $0.ledger[polecat].life } == nil)
      try await #expect(supervisor.carryOut(command(.stop, polecat)).changed == false)
    }
  }

  @Test func `a command of a person who has given up is not begun`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      for verb in [PersonCommand.Verb.stop, .restart, .reset] {
        let refusal = await #expect(throws: CommandRefusal.self) {
          try await supervisor.carryOut(command(verb, polecat), isAwaited: { false })
        }
        #expect(refusal?.description.contains("was not begun") == true)
      }
      #expect(town.isAlive(polecat) && town.with { $0.holds[polecat] } == nil)
    }
  }

  @Test func `words that are too long to be kept are refused, and nothing is ended`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      let long = String(repeating: "x", count: 900_000)
      for verb in [PersonCommand.Verb.start, .stop, .restart, .reset] {
        for command in [
          PersonCommand(verb, agent: polecat, who: long), PersonCommand(verb, agent: polecat, who: "ada", why: long),
        ] {
          await #expect(throws: CommandRefusal.self) { try await supervisor.carryOut(command) }
        }
      }
      #expect(town.isAlive(polecat) && town.with { $0.holds[polecat] } == nil)
    }
  }

  @Test func `a start takes the stop back, and returns when the agent runs and that is recorded`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    town.with { $0.holds[polecat] = .known(Hold(kind: .stop, who: "ada", when: nil, why: nil)) }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 0)
      let outcome = try await supervisor.carryOut(command(.start, polecat))
      #expect(outcome.changed && outcome.pid != nil)
      #expect(town.with { $0.ledger[polecat].life?.pid } == outcome.pid)
      #expect(town.events(of: polecat) == [.agentStarted] && town.with { $0.holds[polecat] == nil })
      #expect(town.with { $0.pending.map(\.session) } == [polecat.session])
      try await #expect(supervisor.carryOut(command(.start, polecat)).changed == false)
      #expect(town.processes(of: polecat) == 1)
    }
  }

  @Test(arguments: [AgentIdentity.deacon, .polecat(rig: "rig", name: "a")])
  func `a restart ends the one process, starts one other, and is no crash`(agent: AgentIdentity) async throws {
    town.addPolecat("a")
    town.raise(.deacon, agent)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      let outcome = try await supervisor.carryOut(command(.restart, agent))
      await supervisor.beat()
      #expect(outcome.pid != nil && town.isAlive(agent) && town.processes(of: agent) == 2)
      #expect(town.count(.launch(agent.session)) == 1)
      #expect(town.events(of: agent) == [.agentStopped, .agentStarted])
      #expect(town.with { $0.ledger[agent].restartPolicy.attempts } == 0)
    }
  }

  @Test(arguments: [PersonCommand.Verb.start, .restart])
  func `a command for one whom a rule would start in the same turn makes one process`(verb: PersonCommand.Verb)
    async throws
  {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(.deacon)
      _ = try await supervisor.carryOut(command(verb, .deacon))
      await supervisor.beat()
      #expect(town.isAlive(.deacon) && town.processes(of: .deacon) == 2)
      #expect(town.count(.launch("gt-deacon")) == 1)
    }
  }

  @Test func `a stop of one whom a rule would start in the same turn starts nobody`() async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(.deacon)
      _ = try await supervisor.carryOut(command(.stop, .deacon))
      await supervisor.beat()
      #expect(!town.isAlive(.deacon) && town.count(.launch("gt-deacon")) == 0)
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [PersonCommand.Verb.start, .stop, .restart])
  func `a command during a launch waits for it, and a stop is written down at once`(
    verb: PersonCommand.Verb
  ) async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(.deacon)
      town.close(.launch)
      await supervisor.askBeat()
      await town.wait(for: .launch("gt-deacon"))
      async let outcome = supervisor.carryOut(command(verb, .deacon))
      if verb == .stop { await town.wait { $0.holds[.deacon]?.value??.kind == .stop } }
      town.open(.launch)
      let changed = try await outcome.changed
      #expect(changed == (verb != .start))
      #expect(town.isAlive(.deacon) == (verb != .stop))
      // The launch looks for a person's decision just before it starts anything.
      let processes: [PersonCommand.Verb: Int] = [.start: 2, .stop: 1, .restart: 3]
      #expect(town.processes(of: .deacon) == processes[verb])
    }
  }

  @Test(arguments: [PersonCommand.Verb.start, .restart])
  func `one that is held is neither started nor ended`(verb: PersonCommand.Verb) async throws {
    let polecat = town.addPolecat("a")
    if verb == .restart { town.raise(polecat) }
    town.raise(.deacon)
    town.with { $0.holds[polecat] = .known(Hold(kind: .hold, who: "bob", when: nil, why: nil)) }
    try await withSupervisor(of: town) { supervisor in
      #expect(await refusal(supervisor, verb, polecat).contains("held by bob"))
      #expect(town.isAlive(polecat) == (verb == .restart) && town.count(.end(polecat.session)) == 0)
    }
  }

  @Test func `a restart that could not start ends nothing`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      town.with { $0.missingDirectories = [polecat] }
      #expect(await refusal(supervisor, .restart, polecat).contains("directory"))
      town.with { $0.missingDirectories = [] }
      town.with { $0.holds[polecat] = .unknown("permission denied") }
      #expect(await refusal(supervisor, .restart, polecat).contains("permission denied"))
      #expect(town.processes(of: polecat) == 1 && town.isAlive(polecat))
    }
  }

  @Test func `a restart of a stopped agent takes the stop back and starts it`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    town.with { $0.holds[polecat] = .known(Hold(kind: .stop, who: "ada", when: nil, why: nil)) }
    try await withSupervisor(of: town) { supervisor in
      try await #expect(supervisor.carryOut(command(.restart, polecat)).pid != nil)
      #expect(town.isAlive(polecat) && town.with { $0.holds[polecat] == nil })
    }
  }

  @Test func `a restart, or a start, that is refused leaves the stop as it was`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    let stop = Hold(kind: .stop, who: "ada", when: nil, why: nil)
    town.with { $0.holds[polecat] = .known(stop) }
    try await withSupervisor(of: town) { supervisor in
      town.with { $0.missingDirectories = [polecat] }
      #expect(await refusal(supervisor, .restart, polecat).contains("directory"))
      #expect(town.with { $0.holds[polecat] } == .known(stop))
      town.with { $0.missingDirectories = [] }
      town.with { $0.sessions[polecat.session] = .unknown("tmux timed out") }
      for verb in [PersonCommand.Verb.restart, .start] {
        #expect(await refusal(supervisor, verb, polecat).contains("tmux timed out"))
        #expect(town.with { $0.holds[polecat] } == .known(stop), "\(verb)")
      }
      town.with { state in
        state.sessions[polecat.session] = nil
        state.saveFailure = "disk full"
      }
      for verb in [PersonCommand.Verb.restart, .start] {
        #expect(await refusal(supervisor, verb, polecat).contains("disk full"))
        #expect(town.with { $0.holds[polecat] } == .known(stop), "\(verb)")
      }
      town.with { $0.saveFailure = nil }
      try await #expect(supervisor.carryOut(command(.restart, polecat)).pid != nil)
      #expect(town.isAlive(polecat) && town.with { $0.holds[polecat] == nil })
    }
  }

  @Test func `a stop that ends nobody says that it lasts`() async throws {
    town.raise(.deacon)
    town.with { $0.endFailure = "it does not go" }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      let said = await refusal(supervisor, .stop, .deacon)
      #expect(said.contains("it does not go") && said.contains("the stop is written down"))
      #expect(town.with { $0.holds[.deacon]?.value??.kind } == .stop)
    }
  }

  @Test func `after a reload an explanation goes by the new settings`() async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      var policy = Policy()
      policy.restart.loopCount = 77
      await supervisor.adopt(world: ModelProcess(town), policy: policy)
      await #expect(supervisor.present().policy.restart.loopCount == 77)
    }
  }

  @Test func `refusals say why: nobody of that name, unknown, a person at the shell, a launch that failed`()
    async throws
  {
    let polecat = town.addPolecat("a", hook: nil)
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      #expect(await refusal(supervisor, .start, .crew(rig: "rig", name: "nobody")).contains("no such agent"))
      town.with { $0.sessions[polecat.session] = .unknown("tmux timed out") }
      #expect(await refusal(supervisor, .start, polecat).contains("tmux timed out"))
      #expect(await refusal(supervisor, .stop, polecat).contains("tmux timed out"))
      let life = ProcessLife(boot: ModelTown.boot, server: ModelTown.server, pane: "%9", pid: 9, startTime: 9)
      town.with { state in
        state.sessions[polecat.session] = .deadShell(
          Liveness.Shell(life: life, place: ModelTown.place, isAttached: true, belongsHere: true))
        state.holds = [:]
      }
      #expect(await refusal(supervisor, .start, polecat).contains("a person is looking"))
      town.with { state in
        state.sessions[polecat.session] = .deadShell(
          Liveness.Shell(life: life, place: ModelTown.place, isAttached: false, belongsHere: false))
      }
      #expect(await refusal(supervisor, .start, polecat).contains("not this agent's"))
      town.with { state in
        state.sessions[polecat.session] = nil
        state.outcomes[polecat] = .failed("no executable 'claude'")
      }
      #expect(await refusal(supervisor, .start, polecat).contains("no executable 'claude'"))
      #expect(town.processes(of: polecat) == 0)
    }
  }

  @Test func `a stop that cannot be written down ends nothing`() async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.saveFailure = "disk full" }
      #expect(await refusal(supervisor, .stop, .deacon).contains("disk full"))
      #expect(town.isAlive(.deacon) && town.count(.end("gt-deacon")) == 0)
    }
  }

  @Test func `with commands as its only mode it starts nobody else and leaves deaths to the daemon`() async throws {
    let polecat = town.addPolecat("a")
    let other = town.addPolecat("b")
    town.raise(other)
    town.with {
      $0.ledger[other].life = ProcessLife(
        boot: ModelTown.boot, server: ModelTown.server, pane: "%8", pid: 8, startTime: 8)
    }
    town.kill(other)
    try await withSupervisor(of: town, mode: .commands) { supervisor in
      try await #expect(supervisor.carryOut(command(.start, polecat)).pid != nil)
      #expect(!town.isAlive(.deacon) && !town.isAlive(other))
      #expect(town.events(of: other).isEmpty && town.with { $0.ledger[other].life?.pid } == 8)
      #expect(town.events(of: polecat) == [.agentStarted] && town.count(.readBeads) == 0)
    }
  }
}
