// SPDX-License-Identifier: Apache-2.0

import Beads
import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// Agents that a stand-in for the original has started, taken over by the real supervisor.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(3))) struct AdoptionTests {
  private let toast = LiveTownFixture.toast

  /// Runs `body` beside a supervisor of the town.
  private func supervised(
    _ town: LiveTownFixture, _ body: (Supervisor, RecordedJournal) async throws -> Void
  ) async throws {
    // The Deacon and the Witness stay as they are here.
    for agent in [AgentIdentity.deacon, .witness(rig: LiveTownFixture.rig)] {
      try town.world.setHold(Hold(kind: .hold, who: "test", when: nil, why: nil), on: agent)
    }
    try await town.supervised(body)
  }

  private func mark(_ original: LiveTownFixture.Original, in town: LiveTownFixture) async throws -> String? {
    try await town.panes(on: original.server).first { $0.id == original.pane }?.mark?.token
  }

  private func adopted(_ original: LiveTownFixture.Original, in town: LiveTownFixture) async throws {
    try await eventually("the mark", within: .seconds(30)) {
      try await mark(original, in: town) == town.layout.adoptedMark
    }
  }

  @Test(arguments: [true, false])
  func `one is adopted where it runs, a person's panes are theirs, and its death is seen at once`(isOwn: Bool)
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let original = try await town.startAsOriginal(on: isOwn ? town.server : .default)
      try await supervised(town) { supervisor, journal in
        try await adopted(original, in: town)
        try await eventually("what is said of it") { journal.entries.contains { $0.message.contains("is adopted") } }
        #expect(ProcessTable().isRunning(original.agent) && town.starts() == 1)
        #expect(journal.events(toast) == ["agent_adopted"])
        #expect(await supervisor.lastFindings().first { $0.session == toast.session }?.decision == .alive)

        // What a person does beside it is nothing to it.
        try await town.tmux("split-window", "-b", "-t", "\(original.pane)", "sleep", "1000", on: original.server)
        try await town.tmux("split-window", "-t", "\(original.pane)", "sleep", "0.1", on: original.server)
        try await eventually("the end of the second") {
          try await town.panes(on: original.server).count { !$0.isDead } == 2
        }
        await supervisor.beat()
        #expect(journal.events(toast) == ["agent_adopted"] && ProcessTable().isRunning(original.agent))

        let start = ContinuousClock.now
        try Signals.send(9, to: original.agent)
        try await eventually("its death") { journal.events(toast).contains("crash_detected") }
        // No heartbeat is due for minutes.
        #expect(ContinuousClock.now - start < .seconds(10))
        try await eventually("its restart") { journal.events(toast).contains("agent_restarted") }
        let death = try #require(journal.entries.first { $0.event == "crash_detected" })
        #expect(death.fields["GT_PID"] == "\(original.agent.pid)" && death.message.contains("bare shell"))

        let panes = try await town.panes(on: original.server)
        let pane = try #require(panes.first { $0.id == original.pane })
        #expect(pane.mark?.token == town.layout.mark && pane.pid != original.shell.pid)
        #expect(panes.count { !$0.isDead } == 2)
        #expect(!ProcessTable().isRunning(original.shell))
        try await eventually("the second start") { town.starts() == 2 }
        #expect(try await town.liveness().agentPID == pane.pid)
        if !isOwn { #expect(try await town.panes(on: town.server).isEmpty, "there is one session") }
        // It is told to begin, on whichever server.
        try await eventually("its word") { journal.events(toast).contains("agent_ready") }
        #expect(try await town.written("told").contains("Begin."))
        #expect(journal.entries.count { $0.isError } == 0)
      }
    }
  }

  @Test func `a daemon that finds it adopted goes on, and one that finds it dead knows whose the shell is`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.addPolecats("toast")
      let original = try await town.startAsOriginal()
      try await supervised(town) { _, journal in
        try await eventually("what is said of it") { journal.entries.contains { $0.message.contains("is adopted") } }
        #expect(try await mark(original, in: town) == town.layout.adoptedMark)
      }
      try await supervised(town) { supervisor, journal in
        await supervisor.beat()
        #expect(journal.events(toast).isEmpty && ProcessTable().isRunning(original.agent))
        #expect(!journal.entries.contains { $0.message.contains("adopted") })
      }
      // A person's pane does not hide what happens while nobody looks.
      try await town.tmux("split-window", "-t", "\(original.pane)", "sleep", "1000", on: .default)
      try Signals.send(9, to: original.agent)
      try await ProcessExit.wait(for: original.agent)
      try await supervised(town) { _, journal in
        try await eventually("its restart") { journal.events(toast).contains("agent_restarted") }
        #expect(journal.events(toast).first == "crash_detected")
      }
    }
  }

  @Test func `one whose start is under way is waited for, and not started a second time`() async throws {
    try await LiveTownFixture.with { town in
      try await town.addPolecats("toast")
      // It is not to be started before its session is there.
      try town.world.setHold(Hold(kind: .hold, who: "test", when: nil, why: nil), on: toast)
      try await supervised(town) { supervisor, journal in
        await supervisor.beat()
        let shell = try await town.openShell()
        try town.world.setHold(nil, on: toast)
        // A turn at the worst of times.
        await supervisor.askBeat()
        try await town.type()
        let pid = Int32(try await town.written("starts").filter(\.isNumber)) ?? 0
        try await eventually("its adoption", within: .seconds(30)) {
          try await town.panes(on: .default).first?.mark?.token == town.layout.adoptedMark
        }
        #expect(try await town.panes(on: .default).map(\.pid) == [shell.pid])
        #expect(town.starts() == 1 && ProcessTable().identity(of: pid) != nil)
        #expect(journal.events(toast).allSatisfy { $0 == "agent_adopted" })
      }
    }
  }

  @Test func `one of several panes that nobody knows is left alone, and that is said`() async throws {
    try await LiveTownFixture.with { town in
      try await town.addPolecats("toast")
      let shell = try await town.openShell()
      try await town.tmux(
        "split-window", "-t", "\(shell.id)", "-c", town.layout.directory(of: toast), "sleep", "1000", on: .default)
      try await supervised(town) { supervisor, journal in
        await supervisor.beat()
        try await eventually("what is said") { journal.entries.contains { $0.message.contains("several panes") } }
        #expect(try await town.panes(on: .default).allSatisfy { $0.mark == nil } && town.starts() == 0)
        // It may be an agent: a command does not end it, and does not start another.
        for verb in [PersonCommand.Verb.stop, .restart] {
          let command = PersonCommand(verb, agent: toast, who: "test")
          let refusal = await #expect(throws: CommandRefusal.self) { _ = try await supervisor.carryOut(command) }
          #expect(refusal?.description.contains("several panes") == true)
        }
        #expect(try await town.panes(on: .default).count == 2)
      }
    }
  }

  @Test func `one that is its pane's own process is adopted too, and its end has a cause`() async throws {
    try await LiveTownFixture.with { town in
      try await town.addPolecats("toast")
      try await town.tmux(
        "new-session", "-d", "-s", toast.session, "-c", town.layout.directory(of: toast),
        "exec env GT_SESSION=\(toast.session) \(town.directory("bin/agent"))", on: .default)
      let pid = Int32(try await town.written("starts").filter(\.isNumber)) ?? 0
      try await supervised(town) { _, journal in
        try await eventually("its adoption") {
          try await town.panes(on: .default).first?.mark?.token == town.layout.adoptedMark
        }
        #expect(try await town.panes(on: .default).map(\.pid) == [pid])
        // On a server like a person's its pane would go with it.
        try Signals.send(9, to: try #require(ProcessTable().identity(of: pid)))
        try await eventually("its restart") { journal.events(toast).contains("agent_restarted") }
        let death = try #require(journal.entries.first { $0.event == "crash_detected" })
        #expect(death.fields["GT_EXIT_SIGNAL"] == "9" && death.fields["GT_PID"] == "\(pid)")
        let panes = try await town.panes(on: .default)
        #expect(panes.count == 1 && panes[0].mark?.token == town.layout.mark && panes[0].pid != pid)
      }
    }
  }

  @Test func `the shell of one that has ended is left to the person who looks at it`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let original = try await town.startAsOriginal(on: town.server)
      try await supervised(town) { supervisor, journal in
        try await adopted(original, in: town)
        try await town.attach()
        try Signals.send(9, to: original.agent)
        try await eventually("what is said") { journal.events(toast).contains("restart_failed") }
        await supervisor.beat()
        #expect(
          journal.events(toast).filter { $0 != "last_words" } == ["agent_adopted", "crash_detected", "restart_failed"])
        #expect(ProcessTable().isRunning(original.shell) && town.starts() == 1)
        let finding = await supervisor.lastFindings().first { $0.session == toast.session }
        #expect(finding?.decision == .stuck && finding?.reason.contains("a person is looking") == true)
      }
    }
  }

  // MARK: Ending

  @Test func `a restart ends all of it, and its session, and starts it on the town's own server`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      // An agent that ignores what it is asked, with a child that does, in a shell that would start it again.
      town.script(
        "stubborn",
        """
        #!/bin/bash
        trap '' TERM HUP
        (trap '' TERM HUP; echo $BASHPID >$LIVE_TOWN/out/child; while :; do sleep 1; done) &
        echo $$ >>"$LIVE_TOWN/out/$GT_SESSION.starts"
        while :; do sleep 1; done
        """)
      let original = try await town.startAsOriginal(
        command: "while :; do \(town.directory("bin/stubborn")); done")
      let child: ProcessIdentity = try await eventually("its child") {
        TestFile.text(town.directory("out/child")).flatMap { Int32($0.filter(\.isNumber)) }
          .flatMap { ProcessTable().identity(of: $0) }
      }
      try await supervised(town) { supervisor, journal in
        try await adopted(original, in: town)
        let outcome = try await supervisor.carryOut(PersonCommand(.restart, agent: toast, who: "test"))
        #expect(outcome.changed)
        for process in [original.shell, original.agent, child] { #expect(!ProcessTable().isRunning(process)) }
        #expect(try await !town.panes(on: .default).contains { $0.session == toast.session })
        let panes = try await town.panes(on: town.server)
        #expect(panes.map(\.session) == [toast.session] && panes.map(\.mark?.token) == [town.layout.mark])
        #expect(!journal.events(toast).contains("crash_detected"))
      }
    }
  }

  @Test func `a stop without a daemon adopts first; what is not this agent's is never ended`() async throws {
    try await LiveTownFixture.with { town in
      let agents = try await town.addPolecats("toast", "nux")
      let original = try await town.startAsOriginal()
      try await town.tmux("new-session", "-d", "-s", agents[1].session, "-c", "/", "sleep", "1000", on: .default)
      let stranger = try await town.liveness(of: agents[1])
      guard case .failed(let reason) = await town.world.end(agents[1], liveness: stranger) else {
        Issue.record("it was ended")
        return
      }
      #expect(reason.contains("made by others") && reason.contains("neither its directory"))
      let process = try #require(stranger.life).process
      #expect(ProcessTable().isRunning(process))

      let outcome = await town.world.end(toast, liveness: try await town.liveness())
      #expect(outcome == .ended("pid \(original.agent.pid) ended when asked"))
      #expect(!ProcessTable().isRunning(original.shell))
      #expect(try await town.panes(on: .default).map(\.session) == [agents[1].session])
    }
  }

  // MARK: The last look

  @Test func `what has changed since it was seen is not marked`() async throws {
    try await LiveTownFixture.with { town in
      try await town.addPolecats("toast")
      let original = try await town.startAsOriginal()
      guard case .alive(let life, let place) = try await town.liveness() else {
        Issue.record("it does not live")
        return
      }
      var other = life
      other.startTime += 1
      var later = life
      later.server.startedAt += 1
      for life in [other, later] {
        let outcome = await town.world.adopt(AdoptionRule.Order(adopting: toast, life: life, place: place))
        guard case .declined = outcome else { return #expect(Bool(false), "\(outcome)") }
      }
      let order = AdoptionRule.Order(adopting: toast, life: life, place: place)
      try Signals.send(9, to: original.agent)
      try await eventually("a bare shell") { try await town.liveness().shell != nil }
      #expect(await town.world.adopt(order) == .declined("it does not run there any more"))
      try await town.type()
      try await eventually("the next") { try await town.liveness().isAlive }
      // The session became somebody's meanwhile.
      try await town.tmux("split-window", "-t", "\(original.pane)", "sleep", "1000", on: .default)
      let panes = try await town.panes(on: .default)
      let split = try #require(panes.first { $0.id != original.pane })
      try await town.world.servers.client(at: place).setMark(
        try #require(PaneMark(town.layout.mark)), on: split.id, of: split.pid)
      #expect(await town.world.adopt(order) == .declined("another pane is the agent's by now"))
      #expect(try await mark(original, in: town) == nil)
    }
  }

  @Test func `the shell that an agent leaves is told nothing`() async throws {
    try await LiveTownFixture.with { town in
      try await town.addPolecats("toast")
      let original = try await town.startAsOriginal()
      let life = try #require(try await town.liveness().life)
      #expect(life.process == original.shell)
      try Signals.send(9, to: original.agent)
      try await eventually("a bare shell") { try await town.liveness().shell != nil }
      await #expect(throws: Typist.Gone.self) { try await town.world.begin(toast, life: life) }
      let rows = await town.world.screens(of: [toast.session: life])[toast.session]?.rows ?? []
      #expect(!rows.isEmpty && !rows.contains { $0.contains("Begin.") })
    }
  }

  @Test func `one whose environment names another town is not adopted`() async throws {
    try await LiveTownFixture.with { town in
      try await town.addPolecats("toast")
      let elsewhere = town.directory.makeDirectory("elsewhere/mayor")
      _ = try await town.startAsOriginal(
        command: "GT_TOWN_ROOT=\(Disk.parent(of: elsewhere)) \(town.directory("bin/agent"))")
      #expect(try await town.liveness() == .absent, "on another server that is nothing to us")
    }
  }
}
