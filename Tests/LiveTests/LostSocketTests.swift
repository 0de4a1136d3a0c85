// SPDX-License-Identifier: Apache-2.0

import Glibc
import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town
import TownFiles
import Trust

/// A socket's path is not its server: the server and its agents outlive the file.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct LostSocketTests {
  private let toast = LiveTownFixture.toast

  private func look(_ town: LiveTownFixture, _ lives: KnownLives = [:]) async -> TownSnapshot {
    await town.world.look(beads: await town.world.readBeads(hooks: []), lives: lives)
  }

  @Test func `a server whose socket was removed makes it anew, and its agents are seen`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast", "nux")
      let life = try await town.launch()
      unlink(town.directory("tmux"))
      let snapshot = await look(town)
      #expect(snapshot.agents.first { $0.agent == toast }?.liveness.life == life)
      #expect(snapshot.failures == [] && snapshot.mended.count == 1, "\(snapshot.failures) \(snapshot.mended)")
      #expect(snapshot.mended.first?.contains("pid \(life.server.pid)") == true)
      #expect(await look(town).mended == [])
      #expect(town.tmuxServers.map(\.pid) == [life.server.pid])
    }
  }

  @Test func `no second server is started at the path of one that lives`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let agents = try await town.addPolecats("toast", "nux")
      let life = try await town.launch()
      unlink(town.directory("tmux"))
      // Nothing has looked in between.
      let second = try await town.launch(agents[1])
      #expect(second.server == life.server)
      #expect(town.tmuxServers.map(\.pid) == [life.server.pid])
    }
  }

  @Test func `the server of a person is found again with its directory, for the agent that lives there`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.tmux(
        "new-session", "-d", "-s", toast.session, "-c", town.layout.directory(of: toast), "sleep", "1000",
        on: .default)
      let life = try #require(try await town.liveness().life)
      let place = town.directory("users/tmux-\(getuid())")
      unlink("\(place)/default")
      rmdir(place)
      let snapshot = await look(town, [toast.session: life])
      #expect(snapshot.agents.first { $0.agent == toast }?.liveness.life == life, "\(snapshot.failures)")
      #expect(snapshot.servers.contains(life.server))
      var status = stat()
      #expect(stat(place, &status) == 0 && status.st_mode & 0o777 == 0o700)
    }
  }

  @Test func `where another server has the path nothing is sent, and both are named`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast", "nux")
      let life = try await town.launch()
      unlink(town.directory("tmux"))
      try await town.startServer()
      let second = try #require(town.tmuxServers.map(\.pid).first { $0 != life.server.pid })
      let snapshot = await look(town, [toast.session: life])
      let failure = try #require(snapshot.otherTmuxFailure)
      #expect(failure.contains("pid \(second)") && failure.contains("pid \(life.server.pid)"), "\(failure)")
      for observation in snapshot.agents where observation.agent.role == .polecat {
        #expect(observation.liveness.reason != nil, "\(observation)")
      }
      #expect(snapshot.mended == [])
      let standing = town.world.servers.own.socketPath
      #expect(PathTrust().standing(ofSocket: standing) == .listening(peer: second))
      // When the second has ended the first comes back.
      try await town.tmux("kill-server")
      try await eventually("the first one") {
        await look(town, [toast.session: life]).agents.first { $0.agent == toast }?.liveness.life == life
      }
    }
  }

  @Test func `a server that has ended is gone, and one is started`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      let server = try #require(ProcessTable().identity(of: life.server.pid))
      try Signals.send(9, to: server)
      try await ProcessExit.wait(for: server)
      try await ProcessExit.wait(for: life.process)
      let snapshot = await look(town, [toast.session: life])
      #expect(snapshot.agents.first { $0.agent == toast }?.liveness == .absent)
      #expect(snapshot.mended == [] && snapshot.failures == [])
      #expect(try await town.launch().server.pid != life.server.pid)
    }
  }

  @Test func `a process that is no tmux is sent nothing`() async throws {
    try await TemporaryDirectory.with { directory in
      let socket = try #require(ListeningTestSocket(directory("tmux")))
      defer { socket.close() }
      unlink(directory("tmux"))
      let mender = SocketMender(processes: ProcessTable(), trust: PathTrust())
      #expect(ProcessTable().countOfListeners(at: directory("tmux")) == 1)
      #expect(mender.lost(at: directory("tmux")).isEmpty)
      #expect(await mender.mend(directory("tmux")) == .nothing)
    }
  }

  @Test func `without a handler for the signal a server is named and left`() throws {
    let process = ProcessIdentity(pid: 42, startTime: 7)
    let listener = SocketListener(process: process, path: "/run/x/sock", handles: [SIGCHLD])
    let obstacle = try #require(SocketMender.obstacle(to: [listener], at: "/run/x/sock", standing: .silent))
    #expect(obstacle.contains("pid 42") && obstacle.contains("/run/x/sock") && obstacle.contains("kill 42"))
    var able = listener
    able.handles = [SIGUSR1]
    #expect(SocketMender.obstacle(to: [able], at: "/run/x/sock", standing: .silent) == nil)
    let two: String? = SocketMender.obstacle(to: [able, listener], at: "/run/x/sock", standing: .silent)
    #expect(two?.contains("2 tmux servers") == true)
  }
}
