// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town
import TownFiles
import Trust

/// Which tmux servers besides the town's own are asked, and what becomes of the rest.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct OtherServersTests {
  private let toast = LiveTownFixture.toast
  private static let stranger: UInt32 = 65_534

  /// Where a bare `tmux` of the fixture's user has its sockets.
  private func place(_ town: LiveTownFixture) -> String { town.directory("users/tmux-\(getuid())") }

  /// Has another user start a tmux server, with a session of the agent's name.
  private func startServerOfStranger(_ town: LiveTownFixture, at path: String) async throws {
    chmod(town.directory.path, 0o711)
    try await town.run([
      "setpriv", "--reuid", "\(Self.stranger)", "--regid", "\(Self.stranger)", "--clear-groups", "tmux", "-f",
      "/dev/null",
      "-S", path, "new-session", "-d", "-s", toast.session, "sleep", "1000",
    ])
  }

  @Test(.requiresRoot, .requires(executable: "setpriv"))
  func `another user's tmux server is not asked, and keeps no agent down`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      // tmux makes its directory where it is missing: until then anybody may.
      chmod(town.directory("users"), 0o1777)
      town.directory.makeDirectory("users/tmux-\(getuid())")
      chown(place(town), Self.stranger, Self.stranger)
      try await startServerOfStranger(town, at: "\(place(town))/default")
      try await town.kill(life)
      town.runner.reset()
      let corpse = try #require(try await town.liveness().corpse)
      #expect(corpse.cause == .signalled(9))
      #expect(await town.look().failures == [])
      try await town.launch(at: .deadPane(server: corpse.server, pane: corpse.pane))
      let asked = town.runner.commands.filter { $0.arguments.contains { $0.hasPrefix(place(town)) } }
      #expect(asked.isEmpty, "\(asked)")
      let left = town.world.servers.others().leftOut
      #expect(left.map(\.path) == [place(town)] && left.first?.owner == Self.stranger, "\(left)")
    }
  }

  @Test(.requiresRoot, .requires(executable: "setpriv"))
  func `a socket of another user in one's own directory is not asked`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      town.directory.makeDirectory("users/tmux-\(getuid())")
      chmod(place(town), 0o777)
      try await startServerOfStranger(town, at: "\(place(town))/default")
      // Also where the directory is a private one by now.
      for mode in [0o777, 0o700] as [mode_t] {
        chmod(place(town), mode)
        town.runner.reset()
        #expect(try await town.liveness() == .absent)
        #expect(await town.look().otherTmuxFailure == nil)
        #expect(
          town.runner.commands.allSatisfy { command in !command.arguments.contains { $0.hasPrefix(place(town)) } })
        #expect(town.world.servers.others().leftOut.contains { $0.path == "\(place(town))/default" })
      }
    }
  }

  @Test func `a server of one's own in a directory for everybody is not asked, and what lives there is unknown`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.tmux("new-session", "-d", "-s", "mine", "sleep", "1000", on: .default)
      chmod(place(town), 0o770 | 0o007)
      let reason = try #require(try await town.liveness().reason)
      #expect(reason.contains("chmod go-w \(place(town))"), "\(reason)")
      chmod(place(town), 0o700)
      #expect(try await town.liveness() == .absent)
    }
  }

  @Test func `a socket that a person names by a place for everybody is refused with the way out`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      #expect(try await town.liveness() == .absent)
      chmod(town.directory.path, 0o777)
      town.runner.reset()
      let reason = try #require(try await town.liveness().reason)
      #expect(reason.contains("may be written to by other users; fix it with: chmod go-w \(town.directory.path)"))
      let outcome = await town.world.launch(town.order())
      #expect(outcome.life == nil)
      #expect(town.runner.commands.allSatisfy { $0.executable != "tmux" }, "\(town.runner.commands)")
      chmod(town.directory.path, 0o700)
      try await town.launch()
    }
  }

  @Test func `what listens where tmux has its sockets and is no tmux is not asked, and keeps no agent down`()
    async throws
  {
    try await LiveTownFixture.with(deadline: .seconds(5)) { town in
      try await town.startServer()
      try await town.addPolecats("toast", "nux")
      let life = try await town.launch()
      town.directory.makeDirectory("users/tmux-\(getuid())")
      let sockets = (0..<300).compactMap { ListeningTestSocket("\(place(town))/s\($0)") }
      defer { for socket in sockets { socket.close() } }
      #expect(sockets.count == 300)
      town.runner.reset()
      let snapshot = await town.look()
      #expect(town.runner.count == 1, "\(town.runner.count)")
      #expect(snapshot.agents.first { $0.agent == toast }?.liveness.life == life)
      #expect(snapshot.agents.first { $0.agent.session.hasSuffix("nux") }?.liveness == .absent)
      #expect(snapshot.failures == [])
      let left = town.world.servers.others().leftOut
      #expect(
        left.count == 300 && left.allSatisfy { $0.reason.contains("which is no tmux") }, "\(left.first?.reason ?? "")")
    }
  }

  @Test func `who listens is known also where the backlog is full`() async throws {
    try await LiveTownFixture.with { town in
      town.directory.makeDirectory("users/tmux-\(getuid())")
      let path = "\(place(town))/full"
      let socket = try #require(ListeningTestSocket(path))
      defer { socket.close() }
      for _ in 0..<70 { #expect(town.world.servers.others().leftOut.map(\.path) == [path]) }
      guard case .listening(nil) = PathTrust().peer(ofSocket: path) else {
        Issue.record("its backlog is not full")
        return
      }
      // Also for one that has not looked before.
      #expect(town.another().servers.others().leftOut.map(\.path) == [path])
    }
  }

  @Test(.requires(executable: "perl")) func `of processes that share a full socket the oldest is named`() async throws {
    try await LiveTownFixture.with { town in
      let path = "\(town.directory.makeDirectory("users/tmux-\(getuid())"))/full"
      let script = """
        use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un($ARGV[0])); listen($s, 0);
        for (1..3) { socket(my $c, AF_UNIX, SOCK_STREAM, 0); $c->blocking(0); push @c, $c if connect($c, sockaddr_un($ARGV[0])) }
        fork; open(my $f, ">>", $ARGV[1]); print $f "$$\n"; close $f; sleep 1000
        """
      let said = town.directory("said")
      let task = Task { try await town.run(["perl", "-MIO::Handle", "-MIO::Socket", "-e", script, path, said]) }
      defer { task.cancel() }
      let pids = try await eventually("parent and child") { () -> [Int32]? in
        let pids = (TestFile.text(said) ?? "").split(separator: "\n").compactMap { Int32($0) }
        return pids.count == 2 ? pids : nil
      }
      let left = town.world.servers.others().leftOut
      #expect(left.count == 1 && left.first?.reason.contains("pid \(pids.min() ?? 0) (perl)") == true, "\(left)")
    }
  }

  /// The pid of the tmux server at the place of a bare `tmux`.
  private func serverPID(_ town: LiveTownFixture) async throws -> Int32 {
    try #require(Int32(try await town.tmux("display-message", "-p", "#{pid}", on: .default).filter(\.isNumber)))
  }

  @Test func `a tmux server that stands still and has shown no agent keeps none down, and is not waited for`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.tmux("new-session", "-d", "-s", "mine", "sleep", "1000", on: .default)
      let pid = try await serverPID(town)
      kill(pid, SIGSTOP)
      defer { kill(pid, SIGCONT) }
      try await eventually("the stop") { ProcessTable().status(pid)?.state == "T" }
      town.runner.reset()
      let snapshot = await town.look()
      let observation = try #require(snapshot.agents.first { $0.agent == toast })
      #expect(observation.liveness == .absent && observation.elsewhere == nil && snapshot.tmuxIsComplete)
      #expect(snapshot.failures.contains { $0.contains("its process is stopped") && $0.contains("kill -CONT \(pid)") })
      try await town.launch()
      let asked = town.runner.commands.filter { $0.arguments.contains("\(place(town))/default") }
      #expect(asked.isEmpty, "\(asked)")
    }
  }

  @Test func `what a tmux server has shown last is good while it stands still, also for who has not seen it`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast", "nux")
      let home = town.layout.directory(of: toast)
      try await town.tmux("new-session", "-d", "-s", toast.session, "-c", home, "sleep", "1000", on: .default)
      #expect(try await town.liveness().isAlive)
      let pid = try await serverPID(town)
      kill(pid, SIGSTOP)
      defer { kill(pid, SIGCONT) }
      try await eventually("the stop") { ProcessTable().status(pid)?.state == "T" }
      let worlds = [town.world, town.another()]
      for world in worlds {
        let snapshot = await world.look(beads: await world.readBeads(hooks: []), lives: [:])
        let seen = snapshot.agents.filter { $0.elsewhere != nil }
        #expect(seen.map(\.agent) == [toast], "\(seen)")
        #expect(seen.first?.liveness.reason?.contains("kill -CONT \(pid)") == true)
        #expect(snapshot.agents.first { $0.agent.session.hasSuffix("nux") }?.liveness == .absent)
        var order = town.order()
        order.lookAge = .seconds(1)
        #expect(await world.launch(order).declined?.contains("its process is stopped") == true)
      }
      kill(pid, SIGCONT)
      try await eventually("its answer") { try await town.liveness().isAlive }
    }
  }

  /// Runs `body` beside a process that listens at these paths and answers nothing; for all that can be seen of it, it is
  /// a tmux.
  private func withSilentTmux(
    _ town: LiveTownFixture, at sockets: [String], _ body: () async throws -> Void
  ) async throws {
    town.directory.makeDirectory("false")
    let python = try await town.run(["python3", "-c", "import os,sys; print(os.path.realpath(sys.executable))"]).output
    let executable = try #require(python.split(separator: "\n").first)
    let program = town.directory("false/tmux")
    try await town.run(["cp", String(executable), program])
    let script = """
      import socket, sys, time
      listeners = [socket.socket(socket.AF_UNIX) for path in sys.argv[1:]]
      for listener, path in zip(listeners, sys.argv[1:]):
          listener.bind(path)
          listener.listen(64)
      time.sleep(1000)
      """
    let environment = town.environment
    let server = Task {
      try await LiveTownFixture.system.run(
        Command(
          program, ["-c", script] + sockets, environment: environment, workingDirectory: "/", deadline: .seconds(110)))
    }
    defer { server.cancel() }
    let last = try #require(sockets.last)
    try await eventually("its sockets") {
      if case .listening = PathTrust().peer(ofSocket: last) { true } else { false }
    }
    try await body()
  }

  @Test(.requires(executable: "python3"))
  func `a tmux server that answers nothing is given its whole time once, and keeps none down whom it never showed`()
    async throws
  {
    try await LiveTownFixture.with(deadline: .seconds(8)) { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      town.directory.makeDirectory("users/tmux-\(getuid())")
      let socket = "\(place(town))/default"
      try await withSilentTmux(town, at: [socket]) {
        for deadline in [Duration.seconds(8), .milliseconds(500), .milliseconds(500)] {
          town.runner.reset()
          let snapshot = await town.look()
          #expect(snapshot.agents.first { $0.agent == toast }?.liveness == .absent && snapshot.tmuxIsComplete)
          #expect(snapshot.failures.contains { $0.contains(socket) }, "\(snapshot.failures)")
          let asked = town.runner.commands.filter { $0.arguments.contains(socket) }
          #expect(asked.count == 1 && asked.allSatisfy { $0.deadline <= deadline }, "\(asked.map(\.deadline))")
          #expect(deadline < .seconds(1) || asked.allSatisfy { $0.deadline > .milliseconds(500) })
        }
        try await town.launch()
      }
    }
  }

  @Test(.requires(executable: "python3"))
  func `of many tmux servers that answer nothing a few are asked at a time, and the town's own is not held up`()
    async throws
  {
    try await LiveTownFixture.with(deadline: .seconds(5)) { town in
      try await town.startServer()
      try await town.addPolecats("toast", "nux")
      let life = try await town.launch()
      town.directory.makeDirectory("users/tmux-\(getuid())")
      let sockets = (0..<24).map { "\(place(town))/s\($0)" }
      try await withSilentTmux(town, at: sockets) {
        town.runner.reset()
        let begin = ContinuousClock.now
        let snapshot = await town.look()
        // One budget for all of them, and not one for each.
        #expect(ContinuousClock.now - begin < .seconds(20))
        #expect(town.runner.mostAtOnce <= 5, "four others and the town's own: \(town.runner.mostAtOnce)")
        #expect(snapshot.agents.first { $0.agent == toast }?.liveness.life == life)
        #expect(snapshot.agents.first { $0.agent.session.hasSuffix("nux") }?.liveness == .absent)
        let words = town.runner.commands.map { $0.arguments.joined(separator: " ") }
        #expect(words.filter { $0.contains(town.directory("users")) }.count < sockets.count, "\(words)")
        let reasons = Set(snapshot.failures)
        #expect(reasons.contains { $0.contains("no time was left to ask") }, "\(reasons)")
      }
    }
  }

  @Test func `what is meant for a server that no look has seen reaches no other`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      // As after a reload: the same town, which has not looked yet.
      let fresh = town.another()
      await #expect(throws: UnknownServer.self) { try await fresh.begin(toast, life: life) }
      #expect(await fresh.screens(of: [toast.session: life]).isEmpty)
      try await town.kill(life)
      let declined = await fresh.launch(town.order(at: .deadPane(server: life.server, pane: life.pane))).declined
      #expect(declined?.contains("has not been seen") == true, "\(declined ?? "it was launched")")
      _ = await fresh.look(beads: .none, lives: [:])
      #expect(await fresh.launch(town.order(at: .deadPane(server: life.server, pane: life.pane))).life != nil)
    }
  }
}
