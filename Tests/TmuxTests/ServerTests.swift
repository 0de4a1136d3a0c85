// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing
import Tmux

@Suite(.requires(executable: "tmux")) struct ServerTests {
  @Test func withoutAServerThatIsAFactAndNoneIsStarted() async throws {
    try await TemporaryDirectory.with { directory in
      let client = TmuxClient(
        server: .path(directory("tmux")), runner: SystemCommandRunner(environment: TmuxFixture.environment),
        deadline: .seconds(60))
      let before = try await client.panes()
      #expect(before == .noServer)
      let error = await #expect(throws: TmuxError.self) {
        try await client.createSession(
          NewPane(
            session: try #require(SessionName("gt-a")), mark: try #require(PaneMark("m")),
            process: PaneProcess(directory: "/", argv: ["true"])))
      }
      #expect(error?.code == .noServer)
      let after = try await client.panes()
      #expect(after == .noServer)
      #expect(!TestFile.exists(directory("tmux")))
    }
  }

  @Test func aServerThatWasKilledIsNone() async throws {
    try await withTmuxServer { tmux in
      let server = try #require(ProcessTable().identity(of: tmux.identity.pid))
      try Signals.send(9, to: server)
      try await ProcessExit.wait(for: server)
      #expect(try await tmux.client.panes() == .noServer)
    }
  }

  @Test func aServerWithoutSessionsIsKnown() async throws {
    try await withTmuxServer { tmux in
      let listing = try await tmux.client.panes()
      #expect(listing == .server(tmux.identity, []))
    }
  }

  @Test func aStoppedServerIsADeadlineInTime() async throws {
    try await withTmuxServer { tmux in
      let server = try #require(ProcessTable().identity(of: tmux.identity.pid))
      try Signals.send(19, to: server)
      try await eventually("a stop") { ProcessTable().status(server.pid)?.state == "T" }
      let client = TmuxClient(server: tmux.server, runner: tmux.runner, deadline: .milliseconds(300))
      let start = ContinuousClock.now
      let error = await #expect(throws: TmuxError.self) { try await client.panes() }
      #expect(error?.code == .deadlineExceeded)
      #expect(ContinuousClock.now - start < .seconds(10))
      try Signals.send(18, to: server)
      #expect(try await tmux.client.panes().identity == tmux.identity)
    }
  }

  @Test func aMissingTmuxIsNamed() async throws {
    let client = TmuxClient(
      server: .path("/nowhere"), runner: SystemCommandRunner(environment: ["PATH": "/nowhere"]), trust: nil)
    let error = await #expect(throws: TmuxError.self) { try await client.panes() }
    #expect(error?.code == .notFound)
  }

  @Test func twoHundredSessionsAreOneProcess() async throws {
    try await withTmuxServer { tmux in
      var created: [PaneID: Int32] = [:]
      for number in 0..<200 {
        let pane = try await tmux.create("gt-rig-\(number)", mark: "m\(number)")
        created[pane.id] = pane.pid
      }
      tmux.runner.reset()
      let panes = try await tmux.client.panes().panes
      #expect(tmux.runner.count == 1)
      #expect(panes.count == 200)
      #expect(panes.allSatisfy { created[$0.id] == $0.pid && !$0.isDead })
      #expect(panes.allSatisfy { "gt-rig-\($0.mark?.token.dropFirst() ?? "")" == $0.session })
    }
  }

  /// tmux before 3.6 may miss the ends of children; a SIGCHLD makes it look again.
  @Test func everyKillIsToldAfterASignalToTheServer() async throws {
    try await withTmuxServer { tmux in
      let table = ProcessTable()
      var processes: [ProcessIdentity] = []
      for number in 0..<60 {
        processes.append(try #require(table.identity(of: try await tmux.create("gt-\(number)").pid)))
      }
      for process in processes { try Signals.send(9, to: process) }
      #expect(try await ProcessExit.wait(forAll: processes, within: .seconds(30)) == [])
      let server = try #require(table.identity(of: tmux.identity.pid))
      let panes =
        try await eventually("60 deaths with their signal") {
          try Signals.send(17, to: server)
          let panes = try await tmux.client.panes().panes
          return panes.allSatisfy { $0.isDead && !$0.endIsUnknown } ? panes : nil
        } as [Pane]
      #expect(panes.count == 60)
      #expect(panes.allSatisfy { $0.deadSignal == 9 && $0.deadStatus == nil })
    }
  }
}
