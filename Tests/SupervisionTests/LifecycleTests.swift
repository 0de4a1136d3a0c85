// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// Agents that ask for their own end, and what becomes of that whatever happens meanwhile.
@Suite(.timeLimit(.minutes(1))) struct LifecycleTests {
  private let town = ModelTown()

  private func index(_ call: ModelTown.Call) -> Int { town.log.firstIndex(of: call) ?? .max }

  @Test func `a cycle is written down, its mail goes, exactly that process ends, and one other is started`()
    async throws
  {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.cycle, polecat)
    town.close(.closeMail)
    try await withSupervisor(of: town) { supervisor in
      async let beat: Void = supervisor.beat()
      await town.wait(for: .closeMail("gt-m1"))
      let intent = town.with { $0.ledger[polecat].lifecycle }
      #expect(intent?.mail == "gt-m1" && intent?.step == .claimed && intent?.life != nil)
      #expect(town.isAlive(polecat) && town.count(.end(polecat.session)) == 0)
      town.open(.closeMail)
      await beat
      #expect(town.with { $0.inbox.isEmpty } && town.processes(of: polecat) == 2 && town.isAlive(polecat))
      #expect(index(.closeMail("gt-m1")) < index(.end(polecat.session)))
      #expect(index(.end(polecat.session)) < index(.clearRequest(polecat.session, .cycle)))
      #expect(index(.clearRequest(polecat.session, .cycle)) < index(.launch(polecat.session)))
      #expect(town.events(of: polecat) == [.agentStopped, .agentStarted, .lifecycleExecuted])
      #expect(town.with { $0.stateFiles[polecat] } == .known(["notes": .string("mine")]))
      #expect(town.with { $0.ledger[polecat].lifecycle } == nil)
      #expect(town.with { $0.pending.map(\.session) } == [polecat.session])
      await #expect(supervisor.requests() == RequestCounts(executed: 1, refused: 0))
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 2 && town.with { $0.ledger.handledMail.isEmpty })
    }
  }

  @Test func `what was asked for and is given up is not asked for any more, also after a death of the daemon`()
    async throws
  {
    for effects in 0... {
      let town = ModelTown()
      let polecat = town.addPolecat("a")
      town.raise(.deacon, polecat)
      town.ask(.cycle, polecat)
      // Its message stays, so it waits, until a person decides otherwise.
      town.with { $0.closeFailure = "bd: the database is locked" }
      let first = ModelProcess(town, effects: effects)
      try await withSupervisor(of: town, process: first) { supervisor in
        await supervisor.beat()
        _ = try? await supervisor.carryOut(PersonCommand(.stop, agent: polecat, who: "ada"))
        await supervisor.beat()
      }
      guard town.with({ $0.holds[polecat] != nil }) else { continue }
      town.with { $0.closeFailure = nil }
      try await withSupervisor(of: town) { supervisor in
        await supervisor.beat()
        await supervisor.beat()
      }
      let what: Comment = "killed before effect \(effects + 1)"
      #expect(town.with { $0.stateFiles[polecat] } == .known(["notes": .string("mine")]), what)
      #expect(town.with { $0.ledger[polecat].withdrawn } == nil, what)
      if !first.isDead { break }
    }
  }

  @Test func `work that came while it was shut down starts it again`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.shutdown, polecat)
    town.close(.end)
    try await withSupervisor(of: town) { supervisor in
      async let beat: Void = supervisor.beat()
      await town.wait(for: .end(polecat.session))
      town.with {
        $0.beads[polecat.bead]?.description = "a\n\nagent_state: working\nhook_bead: gt-other"
      }
      town.open(.end)
      await beat
      await town.wait(for: .event(.agentStarted, polecat.session))
      #expect(town.events(of: polecat) == [.agentStopped, .lifecycleExecuted, .agentStarted])
    }
  }

  @Test func `a refused request is not asked for any more`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.restart, polecat)
    town.with { $0.holds[polecat] = .known(Hold(kind: .hold, who: "ada", when: $0.now, why: nil)) }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.lifecycleRefused])
      #expect(town.with { $0.stateFiles[polecat] } == .known(["notes": .string("mine")]))
      #expect(town.processes(of: polecat) == 1)
    }
  }

  @Test(arguments: LifecycleAction.allCases)
  func `killed before any effect whatever, a request is carried out once and whole by the next daemon`(
    action: LifecycleAction
  ) async throws {
    for effects in 0... {
      let town = ModelTown()
      let polecat = town.addPolecat("a")
      town.raise(.deacon, polecat)
      town.ask(action, polecat)
      let first = ModelProcess(town, effects: effects)
      try await withSupervisor(of: town, process: first) { await $0.beat() }
      try await withSupervisor(of: town) { supervisor in
        await supervisor.beat()
        await supervisor.beat()
      }
      let what: Comment = "killed before effect \(effects + 1)"
      #expect(town.processes(of: polecat) == (action.startsAgain ? 2 : 1), what)
      #expect(town.isAlive(polecat) == action.startsAgain, what)
      #expect(town.with { $0.inbox.isEmpty && $0.ledger[polecat].lifecycle == nil }, what)
      #expect(town.with { $0.stateFiles[polecat] } == .known(["notes": .string("mine")]), what)
      #expect(!town.events(of: polecat).contains(.crashDetected), what)
      #expect(town.events(of: polecat).count { $0 == .lifecycleRefused } == 0, what)
      if !first.isDead { break }
    }
  }

  @Test func `killed before any effect whatever, a person's restart that was begun is finished by the next daemon`()
    async throws
  {
    for effects in 0... {
      let town = ModelTown()
      let crew = AgentIdentity.crew(rig: "rig", name: "ann")
      town.with { $0.agents.append(crew) }
      town.raise(.deacon, crew)
      let first = ModelProcess(town, effects: effects)
      try await withSupervisor(of: town, process: first) { supervisor in
        _ = try? await supervisor.carryOut(PersonCommand(.restart, agent: crew, who: "ada"))
      }
      let isBegun = town.with { $0.ledger[crew].lifecycle != nil } || town.processes(of: crew) == 2
      try await withSupervisor(of: town) { await $0.beat() }
      #expect(
        town.isAlive(crew) && town.processes(of: crew) == (isBegun ? 2 : 1), "killed before effect \(effects + 1)")
      #expect(town.with { $0.ledger[crew].lifecycle } == nil && !town.events(of: crew).contains(.crashDetected))
      if !first.isDead { break }
    }
  }

  @Test func `a request that could not be taken out of state.json is taken out later, and ends nobody again`()
    async throws
  {
    let town = ModelTown()
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.cycle, polecat)
    town.with { $0.clearFailure = "no space left on device" }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 2 && town.events(of: polecat).contains(.lifecycleExecuted))
    }
    #expect(town.with { $0.ledger[polecat].withdrawn?.all.map(\.action) } == [.cycle])
    try await withSupervisor(of: town) { supervisor in
      // A message in its name, without a new flag.
      town.with { state in
        state.inbox.append(
          Message(
            id: "gt-m2", sender: polecat.mailbox, subject: "LIFECYCLE: x", body: "cycle",
            sentAt: state.now))
      }
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 2 && town.isAlive(polecat))
      #expect(town.events(of: polecat).last == .lifecycleRefused)
      // A new one, with its own time, is carried out, and is not taken back with the old one.
      town.with { state in
        state.clearFailure = nil
        guard case .known(var members?)? = state.stateFiles[polecat] else { return }
        members[LifecycleRequest.timeKey] = .string("later")
        state.stateFiles[polecat] = .known(members)
        state.inbox.append(
          Message(
            id: "gt-m3", sender: polecat.mailbox, subject: "LIFECYCLE: x", body: "cycle",
            sentAt: state.now))
      }
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 3 && town.isAlive(polecat))
      #expect(town.with { $0.stateFiles[polecat] } == .known(["notes": .string("mine")]))
      #expect(town.with { $0.ledger[polecat].withdrawn } == nil)
    }
  }

  @Test func `a shutdown lasts, whichever daemon looks, until a person starts the agent`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.shutdown, polecat)
    try await withSupervisor(of: town) { await $0.beat() }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(!town.isAlive(polecat) && town.processes(of: polecat) == 1)
      _ = try await supervisor.carryOut(PersonCommand(.start, agent: polecat, who: "ada"))
      #expect(town.isAlive(polecat) && town.with { $0.ledger[polecat].shutdown } == nil)
      town.kill(polecat)
      await supervisor.beat()
      #expect(town.isAlive(polecat) && town.processes(of: polecat) == 3)
    }
  }

  @Test func `new work on the hook ends a shutdown, also the same work anew`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.shutdown, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.hook(nil, on: polecat)
      await supervisor.beat()
      #expect(!town.isAlive(polecat))
      town.hook("gt-work", on: polecat)
      await supervisor.beat()
      #expect(town.isAlive(polecat))
    }
  }

  @Test func `the Deacon's own shutdown lasts too`() async throws {
    town.raise(.deacon)
    town.ask(.shutdown, .deacon, body: "action: stop")
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await supervisor.beat()
      #expect(!town.isAlive(.deacon) && town.processes(of: .deacon) == 1)
      #expect(town.events(of: .deacon) == [.agentStopped, .lifecycleExecuted])
    }
  }

  @Test func `of two requests of one agent the first is carried out, and the second finds nothing asked for`()
    async throws
  {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.cycle, polecat, id: "gt-m1")
    town.ask(.cycle, polecat, id: "gt-m2")
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 2 && town.with { $0.inbox.isEmpty })
      await #expect(supervisor.requests() == RequestCounts(executed: 1, refused: 1))
    }
  }

  @Test func `nobody is ended while the message cannot be deleted; then it goes on by itself`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.restart, polecat)
    town.with { $0.closeFailure = "database is locked" }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await supervisor.beat()
      #expect(town.processes(of: polecat) == 1 && town.count(.end(polecat.session)) == 0)
      #expect(town.errors.count == 1 && town.count(.closeMail("gt-m1")) == 1)
      town.with { $0.closeFailure = nil }
      await town.advance(by: .seconds(30))
      await town.wait(for: .event(.lifecycleExecuted, polecat.session))
      #expect(town.processes(of: polecat) == 2)
    }
  }

  @Test func `a state file that cannot be read refuses nothing; it is read again soon`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.cycle, polecat)
    let whole = town.with { $0.stateFiles[polecat] }
    town.with { $0.stateFiles[polecat] = .unknown("half written") }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.with { $0.inbox.count } == 1 && town.events(of: polecat).isEmpty && town.errors.count == 1)
      town.with { $0.stateFiles[polecat] = whole }
      await town.advance(by: .seconds(30))
      await town.wait(for: .event(.lifecycleExecuted, polecat.session))
    }
  }

  @Test func `a refused request is refused once, though its message cannot be deleted`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.cycle, polecat, body: "make me better")
    town.with { $0.closeFailure = "database is locked" }
    try await withSupervisor(of: town) { supervisor in
      for _ in 0..<3 { await supervisor.beat() }
      #expect(town.events(of: nil) == [.lifecycleRefused] && town.errors.count == 1)
      town.with { $0.closeFailure = nil }
      await supervisor.beat()
      #expect(town.with { $0.inbox.isEmpty } && town.isAlive(polecat) && town.processes(of: polecat) == 1)
    }
  }

  @Test func `an agent that cannot be started again is told of, and not forgotten by the rules`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.cycle, polecat)
    town.with { $0.outcomes[polecat] = .failed("no executable") }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.with { $0.notices.map(\.key) } == ["cannot-start"] && !town.isAlive(polecat))
      town.with { $0.outcomes[polecat] = nil }
      town.jump(by: .seconds(60))
      await supervisor.beat()
      #expect(town.isAlive(polecat))
    }
  }

  @Test func `mail that cannot be read keeps nobody else from being looked after`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon)
    town.with { $0.inboxFailure = "no answer" }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.isAlive(polecat))
    }
  }

  @Test func `a shutdown whose end another daemon sees before the beads lasts all the same`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.shutdown, polecat)
    town.close(.ended)
    let first = ModelProcess(town)
    try await withSupervisor(of: town, process: first) { supervisor in
      await town.wait { !$0.sessions.keys.contains(polecat.session) }
      first.kill()
    }
    town.close(.readBeads)
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .event(.lifecycleExecuted, polecat.session))
      town.open(.readBeads)
      await supervisor.beat()
      #expect(!town.isAlive(polecat) && town.processes(of: polecat) == 1)
    }
  }

  @Test func `who was started anew since it had asked is not ended`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    town.ask(.cycle, polecat)
    town.with { state in
      if let life = state.sessions[polecat.session]?.life { state.births[life.pid] = state.now + .seconds(5) }
    }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(town.isAlive(polecat) && town.processes(of: polecat) == 1)
      #expect(town.with { $0.inbox.isEmpty && $0.stateFiles[polecat] == .known(["notes": .string("mine")]) })
      await #expect(supervisor.requests() == RequestCounts(executed: 1))
    }
  }

  @Test func `what cannot be written down is not done`() async throws {
    let polecat = town.addPolecat("a")
    let crew = AgentIdentity.crew(rig: "rig", name: "ann")
    town.with { $0.agents.append(crew) }
    town.raise(.deacon, polecat, crew)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.ask(.cycle, polecat)
      town.with { $0.saveFailure = "disk full" }
      await supervisor.beat()
      await #expect(throws: CommandRefusal.self) {
        try await supervisor.carryOut(PersonCommand(.restart, agent: crew, who: "ada"))
      }
      #expect(town.count(.closeMail("gt-m1")) == 0 && town.count(.end(polecat.session)) == 0)
      #expect(town.count(.end(crew.session)) == 0 && town.isAlive(crew))
      town.with { $0.saveFailure = nil }
      await town.advance(by: .seconds(30))
      await town.wait(for: .event(.lifecycleExecuted, polecat.session))
      #expect(town.processes(of: polecat) == 2)
    }
  }

  @Test func `one whom no rule starts is tried again until it is up`() async throws {
    let crew = AgentIdentity.crew(rig: "rig", name: "ann")
    town.with { $0.agents.append(crew) }
    town.raise(.deacon, crew)
    town.ask(.cycle, crew)
    town.with { $0.outcomes[crew] = .declined("the tmux server was started anew") }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(!town.isAlive(crew) && town.events(of: crew) == [.agentStopped])
      town.with { $0.outcomes[crew] = nil }
      town.jump(by: .seconds(300))
      await supervisor.beat()
      #expect(town.isAlive(crew) && town.events(of: crew).last == .lifecycleExecuted)
    }
  }

  @Test func `an agent that somebody else starts during a person's restart is left to run, and the person is answered`()
    async throws
  {
    let crew = AgentIdentity.crew(rig: "rig", name: "ann")
    town.with { $0.agents.append(crew) }
    town.raise(.deacon, crew)
    town.close(.ended)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      async let outcome = supervisor.carryOut(PersonCommand(.restart, agent: crew, who: "ada"))
      await town.wait { $0.sessions[crew.session] == nil }
      town.raise(crew)
      town.open(.ended)
      try await #expect(outcome.pid != nil)
      try await #expect(supervisor.carryOut(PersonCommand(.start, agent: crew, who: "ada")).changed == false)
      #expect(town.processes(of: crew) == 2)
    }
  }

  @Test func `nothing is ended for a restart while some tmux server does not answer`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.otherTmuxFailure = "no answer" }
      await #expect(throws: CommandRefusal.self) {
        try await supervisor.carryOut(PersonCommand(.restart, agent: polecat, who: "ada"))
      }
      #expect(town.isAlive(polecat) && town.count(.end(polecat.session)) == 0)
    }
  }
}
