// SPDX-License-Identifier: Apache-2.0

import Commands
import Logging
import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// Who lives and who has died, by a real tmux and the real /proc.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct LiveLivenessTests {
  private let toast = LiveTownFixture.toast

  @Test func `a person's panes and windows hide no death`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await town.tmux("split-window", "-b", "-t", "=\(toast.session):", "sleep", "1000")
      try await town.tmux("new-window", "-t", "=\(toast.session):", "sleep", "1000")
      #expect(try await town.liveness().life == life)
      try await town.kill(life)
      let corpse = try #require(try await town.liveness().corpse)
      #expect(corpse.pane == life.pane && corpse.cause == .signalled(9))
      let next = try await town.launch(at: .deadPane(server: corpse.server, pane: corpse.pane))
      #expect(try await town.liveness().life == next)
      #expect(try await town.client.panes().panes.count == 3)
    }
  }

  @Test func `a slow tmux uses up the time of a turn, and nothing is known of what it was not asked`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      // Each question is answered long before its own deadline.
      town.script("tmux", "#!/bin/sh\nsleep 2\nPATH=/usr/local/bin:/usr/bin:/bin exec tmux \"$@\"")
      func look(until end: ContinuousClock.Instant) async -> TownSnapshot {
        await CommandBudget.$end.withValue(end) { await town.look() }
      }
      let late = await look(until: .now + .seconds(1))
      #expect(late.tmuxFailure?.contains("no end after") == true)
      #expect(late.agents.first { $0.agent == toast }?.liveness.life == nil)
      #expect(await look(until: .now).tmuxFailure?.contains("was over before it began") == true)
      // As long as the turn has time.
      #expect(try await town.liveness().life == life)
    }
  }

  @Test func `a person's panes that end are nobody's death`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await town.tmux("split-window", "-b", "-t", "=\(toast.session):", "exit 3")
      try await town.tmux("new-window", "-t", "=\(toast.session):", "/bin/bash", "--norc", "-i")
      try await eventually("the pane's end") {
        try await town.client.panes().panes.contains { $0.isDead || ProcessTable().identity(of: $0.pid) == nil }
      }
      #expect(try await town.liveness().life == life)
    }
  }

  @Test func `an agent on another of the user's servers is alive, and not started again`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.tmux(
        "new-session", "-d", "-s", toast.session, "-c", town.layout.directory(of: toast), "sleep", "1000",
        on: .default)
      guard case .alive(let life, let place) = try await town.liveness() else {
        Issue.record("it is not alive: \(try await town.liveness())")
        return
      }
      #expect(!place.isOwnServer && !place.isMarked && place.serverName.hasPrefix(town.directory("users")))
      let findings = await Explanation.make(world: town.world, policy: Policy()).findings
      #expect(findings.first { $0.session == toast.session }?.decision == .alive)
      // Where it ends there, its pane goes, and it may be started.
      try await town.kill(life)
      try await eventually("the session's end") { try await town.liveness() == .absent }
    }
  }

  @Test(arguments: [ExitCause.signalled(9), .exited(status: 3), .exited(status: 0), .signalled(15)])
  func `twenty who end at once are all found dead, each of its true cause`(cause: ExitCause) async throws {
    try await LiveTownFixture.with(command: ["dying"]) { town in
      town.script("dying", "#!/bin/sh\nread -r status\nexit \"$status\"\n")
      try await town.startServer()
      let agents = try await town.addPolecats((1...20).map { "p\($0)" })
      var lives: [AgentIdentity: ProcessLife] = [:]
      for agent in agents { lives[agent] = try await town.launch(agent) }
      switch cause {
      case .exited(let status):
        for life in lives.values { try await town.tmux("send-keys", "-t", life.pane, "\(status)", "Enter") }
      case .signalled(let signal): for life in lives.values { try Signals.send(signal, to: life.process) }
      default: break
      }
      for life in lives.values { try await ProcessExit.wait(for: life.process) }
      let found = await town.look().agents.filter { $0.agent.role == .polecat }
      #expect(found.count == 20)
      for observation in found {
        #expect(observation.liveness.corpse?.cause == cause, "\(observation.agent.session): \(observation.liveness)")
        #expect(observation.liveness.corpse?.pid == lives[observation.agent]?.pid)
      }
    }
  }

  @Test func `each death is seen at once with its cause, twenty times over`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      var life = try await town.launch()
      for _ in 0..<20 {
        try await town.kill(life)
        let corpse = try #require(try await town.liveness().corpse)
        #expect(corpse.cause == .signalled(9))
        life = try await town.launch(at: .deadPane(server: corpse.server, pane: corpse.pane))
      }
    }
  }

  @Test func `a forged mark on a person's pane hides no death, and the person's process is not ended`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await town.tmux("split-window", "-d", "-b", "-t", "=\(toast.session):", "sleep", "1000")
      let split = try #require(try await town.client.panes().panes.first { "\($0.id)" != life.pane })
      try await town.client.setMark(try #require(PaneMark(town.layout.mark)), on: split.id, of: split.pid)
      let person = try #require(ProcessTable().identity(of: split.pid))
      #expect(try await town.liveness().life == life)
      try await town.kill(life)
      #expect(try await town.liveness().corpse?.pane == life.pane)

      // Without its own pane, what is left is alive for all that is known, and not to be ended.
      try await town.tmux("kill-pane", "-t", life.pane)
      var record = AgentRecord()
      record.life = life
      record.since = LiveTown.wallClock()
      let left = record.doubting(try await town.liveness())
      #expect(left.life?.pid == split.pid)
      guard case .failed(let reason) = await town.world.end(toast, liveness: left) else {
        Issue.record("it was ended")
        return
      }
      #expect(reason.contains("its own pane is gone") && ProcessTable().isRunning(person))
    }
  }

  /// What a person splits off has the session's environment, and its directory may be the agent's.
  @Test func `a person's pane is not adopted where the ledger is lost and the agent's own pane is gone`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      let home = town.layout.directory(of: toast)
      try await town.tmux("split-window", "-d", "-t", "=\(toast.session):", "-c", home, "sleep", "1000")
      let split = try #require(try await town.client.panes().panes.first { "\($0.id)" != life.pane })
      try await town.client.setMark(try #require(PaneMark(town.layout.mark)), on: split.id, of: split.pid)
      try await town.tmux("kill-pane", "-t", life.pane)
      town.forgetLife()
      let left = try await town.liveness()
      guard case .alive(let found, let place) = left else {
        Issue.record("\(left)")
        return
      }
      #expect(found.pid == split.pid && !place.isMarked && place.objection != nil)
    }
  }

  @Test func `an agent whose pane was swapped into another session is the agent that it was`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let agents = try await town.addPolecats("toast", "nux")
      let nux = try #require(agents.first { $0 != toast })
      let own = try await town.launch()
      let other = try await town.launch(nux)
      try await town.tmux("swap-pane", "-d", "-s", "=\(toast.session):", "-t", "=\(nux.session):")
      #expect(try await town.liveness().life == own)
      #expect(try await town.liveness(of: nux).life == other)
    }
  }

  @Test func `a start is refused where all that is left in the session is a person's, and says how to make room`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let logger = Logger(label: "live") { _ in SwiftLogNoOpLogHandler() }
      let supervisor = Supervisor(
        world: town.world, policy: Policy(), journal: EventJournal(logger: logger, town: town.layout.root))
      let running = Task { await supervisor.run() }
      let life = try await eventually("the agent") { try await town.liveness().life }
      await supervisor.beat()
      try await town.tmux("split-window", "-d", "-t", "=\(toast.session):", "sleep", "1000")
      let split = try #require(
        try await town.client.panes().panes.first { $0.session == toast.session && "\($0.id)" != life.pane })
      try await town.tmux("kill-pane", "-t", life.pane)
      // While it runs on it may be somewhere else.
      try await ProcessExit.wait(for: life.process)
      for verb in [PersonCommand.Verb.start, .restart] {
        let refusal = await #expect(throws: CommandRefusal.self) {
          try await supervisor.carryOut(PersonCommand(verb, agent: toast, who: "a test"))
        }
        let text = refusal?.description ?? ""
        #expect(text.contains("in \(toast.session) runs pid \(split.pid), of which"), "\(verb): \(text)")
        #expect(text.contains("to make room: end the process there"), "\(verb): \(text)")
      }
      #expect(ProcessTable().identity(of: split.pid) != nil)
      try await town.tmux("kill-pane", "-t", "\(split.id)")
      #expect(try await supervisor.carryOut(PersonCommand(.start, agent: toast, who: "a test")).pid != split.pid)
      await supervisor.stop()
      await running.value
    }
  }

  @Test func `an agent whose session a person has renamed is said to be there, with the way back`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await town.tmux("rename-session", "-t", "=\(toast.session)", "mine")
      let reason = try #require(try await town.liveness().reason)
      #expect(
        reason.contains("(pid \(life.pid)) runs, but its pane \(life.pane) is in the session 'mine'"), "\(reason)")
      let way = try #require(reason.split(separator: "tmux -S ").last?.split(separator: " ").map(String.init))
      try await town.run(["tmux", "-S"] + way)
      #expect(try await town.liveness().life == life)
    }
  }

  @Test func `a session of an agent's name with a person's pane in it is named when tmux refuses a second one`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await town.tmux("new-session", "-d", "-s", "mine", "sleep", "1000")
      try await town.tmux("swap-pane", "-d", "-s", "=\(toast.session):", "-t", "=mine:")
      try await town.kill(life)
      let reason = try #require(await town.world.launch(town.order()).declined)
      #expect(
        reason.contains("it is there already: the session \(toast.session) has pane %")
          && reason.contains("sleep") && reason.contains("rename-session -t %"), "\(reason)")
    }
  }

  @Test func `a forged mark on a pane that is elsewhere and names no town makes nobody of it`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.tmux(
        "new-session", "-d", "-s", toast.session, "-c", "/", "env", "-i", "/bin/sleep", "1000")
      let pane = try #require(try await town.pane())
      try await eventually("the command") { ProcessTable().arguments(of: pane.pid)?.first == "/bin/sleep" }
      try await town.client.setMark(try #require(PaneMark(town.layout.mark)), on: pane.id, of: pane.pid)
      guard case .alive(_, let place) = try await town.liveness() else { return #expect(Bool(false), "it is gone") }
      #expect(!place.isMarked && place.objection?.contains("neither its directory") == true, "\(place)")
      #expect(place.sessionCreated != nil)
    }
  }

  @Test func `an agent whose life was forgotten is alive by its mark and what it is, and adopted`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      let snapshot = await town.world.look(beads: .none, lives: [:])
      let liveness = try #require(snapshot.agents.first { $0.agent == toast }?.liveness)
      guard case .alive(life, let place) = liveness else { return #expect(Bool(false), "\(liveness)") }
      #expect(!place.isMarked && place.claimsToBeOurs && place.objection == nil)
      let outcome = await town.world.adopt(AdoptionRule.Order(adopting: toast, life: life, place: place))
      #expect(outcome == .adopted)
      #expect(try await town.client.panes().panes.map(\.mark?.token) == [town.layout.mark])
    }
  }

  // MARK: Other towns

  @Test func `a session that another town has marked is not ours`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let other = NewPane(
        session: try #require(SessionName(toast.session)), mark: try #require(PaneMark("town-other")),
        process: PaneProcess(directory: "/", argv: ["sleep", "1000"]))
      let pane = try await town.client.createSession(other)
      #expect(try await town.liveness().reason?.contains("another town (its mark is town-other)") == true)
      // Nor when it is dead.
      let process = try #require(ProcessTable().identity(of: pane.pid))
      try Signals.send(9, to: process)
      try await ProcessExit.wait(for: process)
      #expect(try await town.liveness().reason?.contains("another town") == true)
    }
  }

  @Test func `a session whose agent names another town is not ours`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let other = town.directory.makeDirectory("other")
      try await town.tmux(
        "new-session", "-d", "-s", toast.session, "-e", "GT_TOWN_ROOT=\(other)", "-c", "/", "sleep", "1000")
      #expect(try await town.liveness().reason?.contains("belongs to the town \(other)") == true)
    }
  }

  @Test func `a session without a mark that names this town by another path is ours`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.run(["ln", "-s", town.layout.root, town.directory("link")])
      try await town.tmux(
        "new-session", "-d", "-s", toast.session, "-e", "GT_TOWN_ROOT=\(town.directory("link"))", "-c", "/", "sleep",
        "1000")
      #expect(try await town.liveness().isAlive)
    }
  }

  // MARK: Servers that do not answer

  @Test(arguments: [true, false])
  func `of a server that does not answer nothing is claimed`(isOwn: Bool) async throws {
    try await LiveTownFixture.with(deadline: .seconds(4)) { town in
      try await town.startServer()
      let agents = try await town.addPolecats("toast", "crumb")
      let life = try await town.launch()
      if !isOwn {
        let home = town.layout.directory(of: agents[1])
        try await town.tmux("new-session", "-d", "-s", agents[1].session, "-c", home, "sleep", "1000", on: .default)
      }
      let server = try #require(town.tmuxServers.first { ($0.pid == life.server.pid) == isOwn }).identity
      try await server.halt()
      let start = ContinuousClock.now
      let snapshot = await town.look()
      #expect(ContinuousClock.now - start < .seconds(12))
      #expect((snapshot.tmuxFailure != nil) == isOwn)
      #expect(snapshot.failures.contains { $0.contains("its process is stopped") }, "\(snapshot.failures)")
      for observation in snapshot.agents {
        // The one that was seen on the server that answered is known to live, and only one may live on the other.
        if !isOwn, observation.agent == toast {
          #expect(observation.liveness.life == life)
        } else if !isOwn, observation.agent != agents[1] {
          #expect(observation.liveness == .absent)
        } else {
          #expect(observation.liveness.reason != nil, "\(observation.agent.session): \(observation.liveness)")
        }
      }
      // A start that is ordered nevertheless ends in time, and nobody claims to know how.
      if isOwn {
        let outcome = await town.world.launch(town.order(agents[1]))
        #expect(outcome.uncertain?.contains("no end after") == true, "\(outcome)")
      }
      try Signals.send(18, to: server)
      try await eventually("an answer") { await town.look().failures.isEmpty }
      #expect(try await town.liveness().life == life)
    }
  }

  @Test func `no server at all is a fact`() async throws {
    try await LiveTownFixture.with { town in
      try await town.addPolecats("toast")
      let snapshot = await town.look()
      #expect(snapshot.tmuxFailure == nil && snapshot.failures.isEmpty && snapshot.servers.isEmpty)
      #expect(snapshot.agents.allSatisfy { $0.liveness == .absent })
      #expect(town.tmuxServers.isEmpty)
    }
  }

  // MARK: Dead shells

  @Test func `a bare shell is a dead shell, with a child it is alive, and who looks at it is seen`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.tmux(
        "new-session", "-d", "-s", toast.session, "-c", town.layout.directory(of: toast), "/bin/bash", "--norc", "-i")
      let shell = try await eventually("a bare shell") { try await town.liveness().shell } as Liveness.Shell
      #expect(shell.belongsHere && !shell.isAttached && !shell.place.isMarked)
      try await town.attach()
      #expect(try await town.liveness().shell?.isAttached == true)
      try await town.tmux("send-keys", "-t", shell.life.pane, "sleep 1000", "Enter")
      try await eventually("a child") { try await town.liveness().isAlive }
      #expect(try await town.liveness().life == shell.life)
    }
  }

  @Test func `a bare shell elsewhere is not this agent's`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.tmux("new-session", "-d", "-s", toast.session, "-c", "/", "/bin/bash", "--norc", "-i")
      let shell = try await eventually("a bare shell") { try await town.liveness().shell } as Liveness.Shell
      #expect(!shell.belongsHere)
    }
  }

  @Test func `an agent of ours that has become a shell is alive all the same`() async throws {
    try await LiveTownFixture.with(command: ["shell"]) { town in
      town.script("shell", "#!/bin/bash\nexec /bin/bash --norc -i\n")
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await eventually("a shell") { ProcessTable().arguments(of: life.pid) == ["/bin/bash", "--norc", "-i"] }
      #expect(try await town.liveness().life == life)
    }
  }

  // MARK: Ending

  @Test func `an agent is asked to end, and its session goes`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let agents = try await town.addPolecats("toast", "toaster")
      let life = try await town.launch()
      let other = try await town.launch(agents[1])
      #expect(
        await town.world.end(toast, liveness: try await town.liveness()) == .ended("pid \(life.pid) ended when asked"))
      #expect(try await town.liveness() == .absent && !ProcessTable().isRunning(life.process))
      #expect(try await town.liveness(of: agents[1]).life == other)
      #expect(await town.world.end(toast, liveness: .absent) == .ended("it was not running"))
    }
  }

  @Test func `one that will not end is killed with its children`() async throws {
    try await LiveTownFixture.with(command: ["deaf"]) { town in
      town.script(
        "deaf",
        "#!/bin/bash\ntrap '' TERM HUP\n(trap '' TERM HUP; echo $BASHPID >$LIVE_TOWN/out/child; while :; do sleep 1; done) &\nwhile :; do sleep 1; done\n"
      )
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      let child: ProcessIdentity = try await eventually("its child") {
        TestFile.text(town.directory("out/child")).flatMap { Int32($0.filter { $0 != "\n" }) }
          .flatMap { ProcessTable().identity(of: $0) }
      }
      #expect(
        await town.world.end(toast, liveness: try await town.liveness()) == .ended("pid \(life.pid) had to be killed"))
      #expect(!ProcessTable().isRunning(life.process) && !ProcessTable().isRunning(child))
      #expect(try await town.liveness() == .absent)
    }
  }

  @Test func `the remains of a dead one are removed; what is not known is not touched`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      #expect(await town.world.end(toast, liveness: .unknown("who knows")) == .failed("who knows"))
      #expect(ProcessTable().isRunning(life.process))
      try await town.kill(life)
      #expect(await town.world.end(toast, liveness: try await town.liveness()) == .ended("it had ended already"))
      #expect(try await town.liveness() == .absent)
    }
  }

  @Test func `a shell at which somebody looks is not ended`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.tmux(
        "new-session", "-d", "-s", toast.session, "-c", town.layout.directory(of: toast), "/bin/bash", "--norc", "-i")
      let shell = try await eventually("a bare shell") { try await town.liveness().shell } as Liveness.Shell
      try await town.attach()
      guard case .failed = await town.world.end(toast, liveness: try await town.liveness()) else {
        Issue.record("it was ended")
        return
      }
      #expect(ProcessTable().isRunning(shell.life.process))
    }
  }
}
