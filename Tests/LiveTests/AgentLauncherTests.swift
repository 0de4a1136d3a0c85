// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import Supervision
import Synchronization
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// Starting agents in a real tmux.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct AgentLauncherTests {
  private let toast = LiveTownFixture.toast

  @Test func `an agent starts in a session of its own, in its directory, and lives there`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      guard case .alive(life, let place) = try await town.liveness() else {
        Issue.record("it is not alive: \(try await town.liveness())")
        return
      }
      #expect(place.isOwnServer && place.isMarked && place.serverName == town.directory("tmux"))
      _ = try await town.written("starts")
      #expect(ProcessTable().workingDirectory(of: life.pid) == town.layout.directory(of: toast))
      #expect(life.boot == ProcessTable().bootID())
    }
  }

  @Test func `a dead pane takes the next agent, and who looked at it still does`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let first = try await town.launch()
      try await town.attach()
      let before = try #require(try await town.pane())
      try await town.kill(first)
      let corpse = try #require(try await town.liveness().corpse)
      #expect(corpse.cause == .signalled(9) && corpse.pane == first.pane && corpse.pid == first.pid)
      let second = try await town.launch(at: .deadPane(server: corpse.server, pane: corpse.pane))
      let after = try #require(try await town.pane())
      #expect(second.pane == first.pane && second.server == first.server && second.pid != first.pid)
      #expect(after.sessionID == before.sessionID && after.windowID == before.windowID)
      #expect(after.attachedClients == 1 && after.mark == before.mark && after.mark != nil)
      expectOneCall(town)
      #expect(try await town.liveness().life == second)
    }
  }

  /// There must be no moment in which a pane of ours has no mark.
  private func expectOneCall(_ town: LiveTownFixture) {
    func marks(_ command: Command) -> Bool {
      command.arguments.contains { $0 == "@gastown" || $0.contains("'@gastown'") }
    }
    let starts = town.runner.commands.filter { $0.arguments.contains { $0.contains("respawn-pane") } }
    #expect(starts.count == 1 && marks(starts[0]))
    #expect(town.runner.commands.count(where: marks) == starts.count + created(town))
  }

  private func created(_ town: LiveTownFixture) -> Int {
    town.runner.commands.count { $0.arguments.contains("new-session") }
  }

  @Test func `a pane that lives and a session that is there are left as they are`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      for place in [LaunchOrder.Place.newSession, .deadPane(server: life.server, pane: life.pane)] {
        let outcome = await town.world.launch(town.order(at: place))
        #expect(outcome.declined?.contains("it is there already") == true, "\(outcome)")
      }
      #expect(try await town.liveness().life == life)
      #expect(try await town.client.panes().panes.count == 1)
    }
  }

  @Test func `a dead pane of an earlier server is nobody's`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      let earlier = ServerIdentity(pid: life.server.pid - 1, startedAt: 0)
      try await town.kill(life)
      let outcome = await town.world.launch(town.order(at: .deadPane(server: earlier, pane: life.pane)))
      #expect(outcome.declined?.contains("has not been seen") == true)
    }
  }

  @Test(arguments: [false, true])
  func `two who start one agent at once start one process`(again: Bool) async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let names = (1...8).map { "p\($0)" }
      for agent in try await town.addPolecats(names) {
        var place = LaunchOrder.Place.newSession
        if again {
          let life = try await town.launch(agent)
          try await eventually("its first start") { town.starts(of: agent) == 1 }
          try await town.kill(life)
          let corpse = try #require(try await town.liveness(of: agent).corpse)
          place = .deadPane(server: corpse.server, pane: corpse.pane)
        }
        let (one, other) = (town.world, town.another())
        let order = town.order(agent, at: place)
        async let left = one.launch(order)
        async let right = other.launch(order)
        let outcomes = await [left, right]
        #expect(outcomes.compactMap(\.life).count == 1 && outcomes.compactMap(\.declined).count == 1, "\(outcomes)")
        let winner = try #require(outcomes.compactMap(\.life).first)
        #expect(try await town.liveness(of: agent).life == winner)
        try await eventually("its start") { town.starts(of: agent) == (again ? 2 : 1) }
      }
      #expect(try await town.client.panes().panes.count == names.count)
    }
  }

  // MARK: Bare shells

  /// A session as people make them, in which an agent has ended and left its shell.
  private func leaveShell(_ town: LiveTownFixture) async throws -> ProcessLife {
    try await town.startServer()
    try await town.addPolecats("toast")
    try await town.tmux(
      "new-session", "-d", "-s", toast.session, "-c", town.layout.directory(of: toast), "/bin/bash", "--norc", "-i")
    let shell: ProcessLife = try await eventually("a bare shell") { try await town.liveness().shell?.life }
    return shell
  }

  @Test func `a bare shell makes room for the agent`() async throws {
    try await LiveTownFixture.with { town in
      let shell = try await leaveShell(town)
      let life = try await town.launch(at: .bareShell(shell))
      expectOneCall(town)
      #expect(life.pane == shell.pane && life.pid != shell.pid)
      #expect(try await town.liveness().life == life)
      try await eventually("the shell's end") { !ProcessTable().isRunning(shell.process) }
      // From now on the pane is the agent's, and its death shows.
      try await town.kill(life)
      #expect(try await town.liveness().corpse?.cause == .signalled(9))
    }
  }

  @Test func `a shell in which something runs, or at which somebody looks, is left alone`() async throws {
    try await LiveTownFixture.with { town in
      let shell = try await leaveShell(town)
      try await town.attach()
      var outcome = await town.world.launch(town.order(at: .bareShell(shell)))
      #expect(outcome == .declined("the shell in its pane is not what it was"))
      try await town.tmux("kill-session", "-t", "=person", on: .path(town.directory("terminal")))
      try await eventually("nobody there") { try await town.pane()?.attachedClients == 0 }
      try await town.tmux("send-keys", "-t", shell.pane, "sleep 1000", "Enter")
      try await eventually("a child") { !ProcessTable().children(of: shell.pid).isEmpty }
      outcome = await town.world.launch(town.order(at: .bareShell(shell)))
      #expect(outcome == .declined("the shell in its pane is not what it was"))
      #expect(ProcessTable().isRunning(shell.process) && town.starts() == 0)
    }
  }

  @Test func `another shell than the one that was seen is left alone`() async throws {
    try await LiveTownFixture.with { town in
      let shell = try await leaveShell(town)
      try await town.tmux("respawn-pane", "-k", "-t", shell.pane, "/bin/bash", "--norc", "-i")
      let outcome = await town.world.launch(town.order(at: .bareShell(shell)))
      #expect(outcome == .declined("the shell in its pane is not what it was"))
      let other = try #require(try await town.pane())
      #expect(other.pid != shell.pid && ProcessTable().identity(of: other.pid) != nil)
    }
  }

  // MARK: What cannot be started

  @Test func `a command that is not there is named with the PATH`() async throws {
    try await LiveTownFixture.with(command: ["no-such-agent"]) { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let failure = await town.world.launch(town.order()).failed
      #expect(failure == "no executable 'no-such-agent' on PATH (\(town.environment["PATH"] ?? ""))")
      #expect(try await town.liveness() == .absent)
    }
  }

  @Test func `a directory that is not there is named`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let failure = await town.world.launch(town.order()).failed
      #expect(failure == "its directory \(town.layout.directory(of: toast)) is missing")
    }
  }

  @Test(arguments: [("exit 3", "exited with status 3"), ("kill -11 $$", "was killed by signal 11")])
  func `a command that ends at once failed, with how it ended and its last words`(
    end: String, how: String
  ) async throws {
    let town = Mutex<LiveTownFixture?>(nil)
    // The answer to the start comes when all is over, as it may.
    try await LiveTownFixture.with(
      command: ["agent", "now"],
      follower: { command in
        guard command.arguments.contains("new-session"), let town = town.withLock({ $0 }) else { return }
        try await waitForEnd(in: town)
      }
    ) { fixture in
      try await fixture.startServer()
      let agents = try await fixture.addPolecats((1...5).map { "p\($0)" })
      for agent in agents {
        fixture.script("agent", Self.saysItsPID + "echo 'no licence for today'\n\(end)\n")
        try Disk.remove(fixture.directory("out/pid"))
        town.withLock { $0 = fixture }
        let outcome = await fixture.world.launch(fixture.order(agent))
        town.withLock { $0 = nil }
        #expect(outcome.ended?.reason == "it \(how) at once: no licence for today", "\(outcome)")
        // Its corpse is known, and is no death of its own.
        let grave = try #require(outcome.ended?.grave)
        let corpse = try #require(try await fixture.liveness(of: agent).corpse)
        #expect(grave == AgentRecord.Grave(server: corpse.server, pane: corpse.pane, pid: corpse.pid))
      }
    }
  }

  private static let saysItsPID =
    "#!/bin/bash\necho $$ >$LIVE_TOWN/out/pid.new; mv $LIVE_TOWN/out/pid.new $LIVE_TOWN/out/pid\n"

  /// Returns when the process that wrote its pid has ended.
  private func waitForEnd(in town: LiveTownFixture) async throws {
    try await eventually("its end") {
      guard let pid = TestFile.text(town.directory("out/pid")).flatMap({ Int32($0.filter { $0 != "\n" }) }) else {
        return false
      }
      return ProcessTable().status(pid)?.isAlive != true
    }
  }

  /// Of an agent that runs nothing has to be asked any more. What became of one that does not is not known.
  @Test(arguments: [true, false])
  func `a tmux that does not answer after the start has not gone away`(runs: Bool) async throws {
    let isStarted = Mutex(false)
    let fixture = Mutex<LiveTownFixture?>(nil)
    try await LiveTownFixture.with(
      interceptor: { command in
        guard isStarted.withLock({ $0 }) else { return }
        throw CommandError(.deadlineExceeded, command: command, reason: "no end after a while")
      },
      follower: { command in
        guard command.arguments.contains("new-session") else { return }
        isStarted.withLock { $0 = true }
        // Else it may be seen running for a moment.
        if !runs, let town = fixture.withLock({ $0 }) { try await waitForEnd(in: town) }
      }
    ) { town in
      fixture.withLock { $0 = town }
      if !runs { town.script("agent", Self.saysItsPID + "exit 1\n") }
      try await town.startServer()
      try await town.addPolecats("toast")
      let outcome = await town.world.launch(town.order())
      let reason = "whether it runs is not known: list panes on the tmux"
      #expect(runs ? outcome.life != nil : outcome.uncertain?.hasPrefix(reason) == true, "\(outcome)")
      isStarted.withLock { $0 = false }
      #expect(try await town.liveness().isAlive == runs)
    }
  }

  @Test func `what a person decides while the worktree is refreshed counts`() async throws {
    let held = Mutex<LiveTownFixture?>(nil)
    try await LiveTownFixture.with(interceptor: { command in
      guard command.executable == "git", let town = held.withLock({ $0 }) else { return }
      try town.world.setHold(
        Hold(kind: .stop, who: "ada", when: nil, why: "lunch"), on: LiveTownFixture.toast)
    }) { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.run(["git", "init", "--quiet", town.layout.directory(of: LiveTownFixture.toast)])
      held.withLock { $0 = town }
      #expect(await town.world.launch(town.order()) == .declined("stopped by ada: lunch"))
      #expect(try await town.liveness() == .absent)
      held.withLock { $0 = nil }
    }
  }

  /// tmux refuses a second session of one name on one server, and knows nothing of other servers.
  @Test func `an agent that somebody starts on another server meanwhile is not started`() async throws {
    let racing = Mutex<LiveTownFixture?>(nil)
    try await LiveTownFixture.with(interceptor: { command in
      guard command.executable == "git",
        let town = racing.withLock({ town in
          defer { town = nil }
          return town
        })
      else { return }
      let directory = town.layout.directory(of: LiveTownFixture.toast)
      _ = try await town.tmux(
        "new-session", "-d", "-s", LiveTownFixture.toast.session, "-c", directory, "sleep 600", on: .name("persons"))
      // A worktree takes its time.
      try await Task.sleep(for: .milliseconds(150))
    }) { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.run(["git", "init", "--quiet", town.layout.directory(of: toast)])
      racing.withLock { $0 = town }
      let outcome = await town.world.launch(town.order())
      guard case .declined(let reason) = outcome else {
        Issue.record("it was started: \(outcome)")
        return
      }
      #expect(reason.contains("lives on the tmux server") && reason.contains("persons"))
      #expect(try await town.pane() == nil)
      guard case .alive(_, let place) = try await town.liveness() else { return #expect(Bool(false)) }
      #expect(!place.isOwnServer)
    }
  }

  /// The agent's dead pane is on a person's server, and a person starts the agent on the town's own.
  @Test func `an agent that is started on the town's own server meanwhile is not started elsewhere`() async throws {
    let racing = Mutex<LiveTownFixture?>(nil)
    let elsewhere = TmuxServer.name("persons")
    try await LiveTownFixture.with(interceptor: { command in
      guard command.executable == "git",
        let town = racing.withLock({ town in
          defer { town = nil }
          return town
        })
      else { return }
      let directory = town.layout.directory(of: LiveTownFixture.toast)
      _ = try await town.tmux(
        "new-session", "-d", "-s", LiveTownFixture.toast.session, "-c", directory, "sleep 600")
      // A worktree takes its time.
      try await Task.sleep(for: .milliseconds(150))
    }) { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let directory = town.layout.directory(of: toast)
      try await town.run(["git", "init", "--quiet", directory])
      try await town.tmux("new-session", "-d", "-s", toast.session, "-c", directory, "sleep 600", on: elsewhere)
      try await town.tmux("set", "-g", "remain-on-exit", "on", on: elsewhere)
      guard case .alive(let life, let place) = try await town.liveness() else { return #expect(Bool(false)) }
      let adoption = AdoptionRule.Order(adopting: toast, life: life, place: place)
      #expect(await town.world.adopt(adoption) == .adopted)
      try await town.kill(life)
      let corpse = try #require(try await town.liveness().corpse)
      #expect(!corpse.place.isOwnServer)

      racing.withLock { $0 = town }
      let outcome = await town.world.launch(town.order(at: .deadPane(server: corpse.server, pane: corpse.pane)))
      #expect(outcome.declined?.contains("lives on the tmux server \(town.directory("tmux"))") == true, "\(outcome)")
      #expect(town.starts() == 0)
    }
  }

  @Test func `a worktree that cannot be refreshed in time delays the agent by that time, not more`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let directory = town.layout.directory(of: toast)
      try await town.run(["git", "init", "--quiet", directory])
      try await town.run(["git", "remote", "add", "origin", "ext::sleep 1000"], in: directory)
      try await town.run(["git", "config", "protocol.ext.allow", "always"], in: directory)
      var settings = town.settings
      settings.deadlines.git = .seconds(5)
      let world = LiveTown(
        layout: town.layout, settings: settings, store: .success(town.store), runner: town.runner,
        environment: town.environment)
      let start = ContinuousClock.now
      let outcome = await world.launch(town.order())
      #expect(ContinuousClock.now - start < .seconds(20))
      #expect(outcome.warnings?.first?.hasPrefix("git fetch: no end after") == true, "\(outcome)")
      #expect(try await town.liveness().life == outcome.life && outcome.life != nil)
      #expect(!town.processes.contains { $0.name.hasPrefix("git") })
    }
  }

  // MARK: The server

  @Test func `twenty who find no tmux server start one`() async throws {
    try await LiveTownFixture.with { town in
      let agents = try await town.addPolecats((1...20).map { "p\($0)" })
      let outcomes = await withTaskGroup(of: LaunchRule.Outcome.self) { group in
        for agent in agents { group.addTask { await town.world.launch(town.order(agent)) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.compactMap(\.life).count == 20, "\(outcomes.filter { $0.life == nil })")
      #expect(Set(outcomes.compactMap(\.life?.server)).count == 1)
      #expect(town.tmuxServers.count == 1)
      #expect(town.runner.commands.count { $0.arguments.contains("start-server") } == 1)
      // It is nobody's child: what ends us does not end it.
      let server = try #require(town.tmuxServers.first)
      #expect(server.session == server.pid)
      #expect(await town.look().agents.count { $0.liveness.isAlive } == 20)
    }
  }

  @Test func `a server that goes away is replaced, and its panes with sessions`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      let server = try #require(town.tmuxServers.first)
      try await town.kill(life)
      try Signals.send(9, to: server.identity)
      try await ProcessExit.wait(for: server.identity)
      #expect(try await town.liveness() == .absent)
      let next = try await town.launch()
      #expect(next.server.pid != life.server.pid)
      #expect(try await town.liveness().life == next)
    }
  }

  // MARK: What the agent is given

  @Test func `the agent's environment is its own, whatever the server's is`() async throws {
    try await LiveTownFixture.with { town in
      let poison = Dictionary(uniqueKeysWithValues: ChildEnvironment.withheld.map { ($0, "poison") })
      try await town.startServer(
        with: poison.merging(["PATH": "/nowhere:/usr/bin:/bin", "GT_SESSION": "other", "BD_ACTOR": "other"]) { $1 })
      try await town.addPolecats("toast")
      try await town.launch()
      let entries = try await town.written("env").split(separator: "\0").map { $0.split(separator: "=", maxSplits: 1) }
      let environment = Dictionary(
        entries.map { ($0.first ?? "", $0.count > 1 ? $0[1] : "") }, uniquingKeysWith: { first, _ in first })
      let expected = [
        "GT_ROLE": "polecat", "GT_RIG": "rig", "GT_POLECAT": "toast", "GT_SESSION": "gt-rig-toast",
        "GT_TOWN_ROOT": town.layout.root, "BD_ACTOR": "rig/polecats/toast", "BEADS_AGENT_NAME": "rig/toast",
        "BEADS_NO_DAEMON": "1", "BEADS_DIR": town.layout.beads, "PATH": town.environment["PATH"] ?? "",
      ]
      for (name, value) in expected { #expect(environment[name[...]].map(String.init) == value, "\(name)") }
      #expect(environment["GT_CREW"] == nil)
      // Two are tmux's own in a pane, and the mark is that of this life.
      #expect(environment["GT_LIFE"] != nil)
      for name in ChildEnvironment.withheld.subtracting(["TMUX", "TMUX_PANE", "GT_LIFE"]) {
        #expect(environment[name[...]] == nil, "\(name)")
      }
      #expect(environment["TMUX"]?.hasPrefix(town.directory("tmux") + ",") == true)
    }
  }

  @Test(arguments: [
    "with spaces", "#{session_name}", "#(touch pwned)", "$(touch pwned)`touch pwned`", "it's \"quoted\"", "semi;colon;",
    "größe 日本 🐈",
    "100%% %d", "back\\slash", "~", "{a,b}", "-t", "#[fg=red]##",
  ])
  func `whatever the town is called, its agents work and nothing else happens`(name: String) async throws {
    try await LiveTownFixture.with(town: name) { town in
      try await town.addPolecats("toast")
      let life = try await town.launch()
      #expect(try await town.written("env").contains("GT_TOWN_ROOT=\(town.layout.root)\0"))
      #expect(ProcessTable().workingDirectory(of: life.pid) == town.layout.directory(of: toast))
      #expect(try await town.liveness().life == life)
      try await town.kill(life)
      let corpse = try #require(try await town.liveness().corpse)
      let next = try await town.launch(at: .deadPane(server: corpse.server, pane: corpse.pane))
      // tmux tells the pid before the process has changed to its directory.
      try await eventually("its directory") {
        ProcessTable().workingDirectory(of: next.pid) == town.layout.directory(of: toast)
      }
      let pwned = try await town.run(["find", town.directory.path, "-name", "pwned"]).output
      #expect(pwned == "")
    }
  }
}
