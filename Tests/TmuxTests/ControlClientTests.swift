// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing

@testable import Tmux

#if canImport(Glibc)
  import Glibc
#endif

/// The lasting client with a real tmux: when it is used, and what happens when it cannot be.
@Suite(.requires(executable: "tmux")) struct ControlClientTests {
  @Test func whatIsAskedCostsNoProcess() async throws {
    try await withTmuxServer(lasting: true) { tmux in
      let pane = try await tmux.create("gt-a")
      for _ in 0..<10 { #expect(try await tmux.pane(pane.id)?.pid == pane.pid) }
      _ = try await tmux.client.capture(panes: [PaneCapture(pane.id, lines: 5)])
      #expect(tmux.runner.count == 0)
      // Text is handed over on a standard input, which the lasting client does not have.
      try await tmux.client.type("hello", into: pane.id)
      #expect(tmux.runner.count == 1)
    }
  }

  @Test func complaintsAreTheSameEitherWay() async throws {
    let commands: [[[String]]] = [
      [["has-session", "-t", "=nope"]], [["kill-pane", "-t", "%999"]], [["nonsense"]], [["list-panes", "-Q"]],
      [["new-session", "-d", "-s", "gt-a"]], [["respawn-pane", "-t", "=gt-a:"]], [["select-window", "-t", "=gt-a:7"]],
      [["set-option", "-g", "no-such-option", "1"]], [["capture-pane", "-p", "-t", "=nope:"]],
      [["display-message", "-p", "one"], ["kill-session", "-t", "=nope"], ["display-message", "-p", "never"]],
      [["if-shell", "-F", "1", "display-message -p in ; kill-session -t =nope ; display-message -p never"]],
      [["list-panes", "-a", "-F", "#{session_name}"], ["display-message", "-p", "#{pid}"]],
    ]
    try await withTmuxServer(lasting: true) { tmux in
      try await tmux.create("gt-a")
      let plain = TmuxClient(server: tmux.server, runner: tmux.runner)
      for command in commands {
        let one = try await tmux.client.run(command, operation: "x")
        #expect(tmux.runner.count == 0)
        let other = try await plain.run(command, operation: "x")
        tmux.runner.reset()
        #expect(one == other, "\(command)")
      }
    }
  }

  /// A pane that shows what would end a block, and begin another, if it had the right numbers. They are
  /// the time and a count, so it guesses a few hundred of them.
  @Test func textOfAPaneEndsNothing() async throws {
    try await withTmuxServer(lasting: true) { tmux in
      let script = """
        t=$(date +%s)
        for s in 0 1 2 3 4 5; do for n in 1 2 3; do
          echo "%end $((t+s)) $n 1"; echo "%error $((t+s)) $n 1"; echo "%begin $((t+s)) $n 1"; done; done
        echo '%exit'; echo 'done-1'; sleep 1000
        """
      let hostile = try await tmux.create("gt-a", ["sh", "-c", script])
      let other = try await tmux.create("gt-b", ["sh", "-c", "echo well; sleep 1000"])
      let plain = TmuxClient(server: tmux.server, runner: tmux.runner)
      let captures = [PaneCapture(hostile.id, lines: 500), PaneCapture(other.id, lines: 500)]
      try await eventually("the text") {
        let texts = try await plain.capture(panes: captures)
        return texts[hostile.id]?.last == "done-1" && texts[other.id] == ["well"]
      }
      let texts = try await tmux.client.capture(panes: captures)
      #expect(texts[hostile.id]?.count == 56)
      #expect(try await plain.capture(panes: captures) == texts)
      #expect(try await tmux.sessions() == ["gt-a", "gt-b"])
    }
  }

  @Test func manyAtOnceGetEachItsOwnAnswer() async throws {
    try await withTmuxServer(lasting: true) { tmux in
      try await withControl(tmux) { control in
        let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
          for task in 0..<50 {
            group.addTask {
              var wrong = 0
              for number in 0..<20 {
                let word = "\(task)-\(number)"
                let answer = try await control.run([
                  ["display-message", "-p", word], ["has-session", "-t", "=\(word)"],
                ])
                guard case .answered(let result) = answer, result.output == "\(word)\n",
                  result.errors.hasPrefix("can't find session: \(task)")
                else {
                  wrong += 1
                  continue
                }
              }
              return wrong
            }
          }
          return try await group.reduce(0, +)
        }
        #expect(wrong == 0)
      }
    }
  }

  @Test func aDirectoryThatIsMissingIsFoundOut() async throws {
    try await withTmuxServer(lasting: true) { tmux in
      TestFile.write("x", to: tmux.directory("file"), mode: 0o755)
      for place in ["missing", "file"] {
        let error = await #expect(throws: TmuxError.self) {
          try await tmux.create("gt-a", directory: tmux.directory(place))
        }
        #expect(error?.code == .noDirectory)
      }
      let sessions = try await tmux.sessions()
      #expect(sessions == [])
    }
  }

  @Test func nothingIsSentWhereNothingIsConnected() async throws {
    try await withTmuxServer { tmux in
      let control = tmux.control()
      let answer = try await control.run([["new-session", "-d"]])
      guard case .unsent = answer else { throw NotInTime(description: "it was sent") }
      let client = tmux.client(by: control)
      _ = try await client.panes()
      #expect(tmux.runner.count == 1)
      // The answer has it connect, without being asked.
      try await eventually("a lasting client") { await control.isConnected }
      _ = try await client.panes()
      #expect(tmux.runner.count == 1)
      await control.end()
      _ = try await client.panes()
      #expect(tmux.runner.count == 2)
      await control.connectWhereDue()
      #expect(await !control.isConnected, "an end is for good")
    }
  }

  /// No server is ever started by it.
  @Test func whereNoServerIsNothingBegins() async throws {
    try await TemporaryDirectory.with { directory in
      let control = ControlClient(
        server: .path(directory("tmux")), starter: SystemCommandRunner(environment: TmuxFixture.environment))
      await control.connectWhereDue()
      try await eventually("the end of the attempt") { await !control.isConnecting }
      #expect(await !control.isConnected)
      #expect(!TestFile.exists(directory("tmux")))
      await control.end()
    }
  }

  @Test func aWedgedServerIsLeftByTheWayBack() async throws {
    try await withTmuxServer { tmux in
      let control = tmux.control(silence: .milliseconds(300))
      try await control.connected()
      let client = tmux.client(by: control, deadline: .seconds(1))
      let server = try #require(ProcessTable().identity(of: tmux.identity.pid))
      try Signals.send(SIGSTOP, to: server)
      tmux.runner.reset()
      let pane = NewPane(
        session: try #require(SessionName("gt-a")), mark: try #require(PaneMark("m")),
        process: PaneProcess(directory: "/", argv: ["sleep", "1000"]))
      let change = await #expect(throws: TmuxError.self) { try await client.createSession(pane) }
      #expect(change?.code == .deadlineExceeded)
      #expect(tmux.runner.count == 0, "what changes something is asked once")
      #expect(await !control.isConnected)
      let reading = await #expect(throws: TmuxError.self) { try await client.panes() }
      #expect(reading?.code == .deadlineExceeded)
      #expect(tmux.runner.count == 1)
      try Signals.send(SIGCONT, to: server)
      try await eventually("another lasting client") {
        _ = try await client.panes()
        return await control.isConnected
      }
      // The request may have been in the socket and be carried out late, once; or have gone with its client.
      tmux.runner.reset()
      let sessions = Set(try await client.panes().panes.map(\.session))
      #expect(sessions.isSubset(of: ["gt-a"]))
      #expect(tmux.runner.count == 0)
      await control.end()
    }
  }

  @Test func aReadingIsRepeatedByTheWayBack() async throws {
    try await withTmuxServer { tmux in
      let control = tmux.control(silence: .milliseconds(300))
      try await control.connected()
      let client = tmux.client(by: control)
      let server = try #require(ProcessTable().identity(of: tmux.identity.pid))
      try Signals.send(SIGSTOP, to: server)
      tmux.runner.reset()
      async let panes = client.panes()
      // The process that waits for an answer is the sign that the lasting client was given up.
      try await eventually("the way back") { tmux.runner.count == 1 }
      try Signals.send(SIGCONT, to: server)
      #expect(try await panes.identity == tmux.identity)
      await control.end()
    }
  }

  @Test func aServerThatIsStartedAnewIsFoundAgain() async throws {
    try await withTmuxServer { tmux in
      let control = tmux.control()
      try await control.connected()
      let client = tmux.client(by: control)
      let server = try #require(ProcessTable().identity(of: tmux.identity.pid))
      try Signals.send(SIGSTOP, to: server)
      let answer = Task { try await client.run([["new-session", "-d", "-s", "gt-a"]], operation: "x") }
      try await Task.sleep(for: .milliseconds(50))
      try Signals.send(SIGKILL, to: server)
      let error = await #expect(throws: TmuxError.self) { try await answer.value }
      #expect(error?.code == .deadlineExceeded)
      #expect(try await client.panes() == .noServer)
      #expect(await !control.isConnected)

      let system = SystemCommandRunner(environment: TmuxFixture.environment)
      _ = try await system.run(
        Command(
          "tmux",
          ["-u", "-f", "/dev/null"] + tmux.server.arguments + ["start-server", ";", "set", "-s", "exit-empty", "off"],
          workingDirectory: "/", deadline: .seconds(60)))
      let second = try #require(try await TmuxClient(server: tmux.server, runner: system).panes().identity)
      #expect(second.pid != tmux.identity.pid)
      try await eventually("a lasting client of the new server") {
        _ = try await client.panes()
        return await control.isConnected
      }
      #expect(try await client.panes().identity == second)
      await control.end()
      try Signals.send(SIGKILL, to: try #require(ProcessTable().identity(of: second.pid)))
    }
  }

  @Test func whoeverWaitsCanBeCancelled() async throws {
    try await withTmuxServer { tmux in
      let control = tmux.control()
      try await control.connected()
      let server = try #require(ProcessTable().identity(of: tmux.identity.pid))
      try Signals.send(SIGSTOP, to: server)
      let client = tmux.client(by: control)
      let waiting = Task { try await client.panes() }
      try await Task.sleep(for: .milliseconds(20))
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      try Signals.send(SIGCONT, to: server)
      // Its answer still comes, and is nobody else's.
      #expect(try await client.panes().identity == tmux.identity)
      #expect(await control.isConnected)
      await control.end()
    }
  }

  @Test func theKeeperDisturbsNobody() async throws {
    try await withTmuxServer { tmux in
      let pane = try await tmux.create("gt-a", ["sh", "-c", "stty size; sleep 1000"])
      let control = tmux.control()
      try await control.connected()
      let client = tmux.client(by: control)
      let seen = try #require(try await client.panes().panes.first { $0.id == pane.id })
      #expect(seen.attachedClients == 0)
      #expect(try await client.panes().panes.map(\.session) == ["gt-a"], "the keeper is nobody's pane")
      let format = "#{session_name} #{session_attached} #{window_width}x#{window_height} #{pane_current_command}"
      let all = try await tmux.tmux("list-panes", "-a", "-F", format).output
      #expect(all == "gastown-keeper 1 80x24 sleep\ngt-a 0 200x50 sh\n")
      // What goes on in a pane is not told to it.
      let clients = try await tmux.tmux("list-clients", "-F", "#{client_flags}").output
      #expect(clients.contains("ignore-size") && clients.contains("no-output"))
      let keeper = try #require(
        Int32(try await tmux.tmux("display-message", "-p", "-t", "=gastown-keeper:", "#{pane_pid}").output.dropLast()))
      #expect(ProcessTable().environment(of: keeper) == [:])
      await control.end()
      #expect(try await tmux.sessions() == ["gt-a"])
      #expect(try await tmux.client.panes().identity == tmux.identity)
    }
  }

  /// A daemon that is killed leaves its client with an output that nobody reads. Where the keeper went
  /// with its client, that ended tmux 3.3a at every tenth to thirtieth time.
  @Test func whoVanishesHarmsNobody() async throws {
    try await withTmuxServer { tmux in
      let pane = try await tmux.create("gt-a")
      let words = (["tmux", "-N", "-u", "-C"] + tmux.server.arguments + TmuxArgument.words(of: Keeper.commands))
        .map { "'\($0)'" }.joined(separator: " ")
      let script =
        "coproc \(words); echo 'display-message -p here' >&${COPROC[1]}; "
        + "while read -r line <&${COPROC[0]}; do [ \"$line\" = here ] && break; done; kill -9 $$"
      for _ in 0..<60 {
        let result = try await SystemCommandRunner(environment: TmuxFixture.environment).run(
          Command("bash", ["-c", script], deadline: .seconds(60)))
        #expect(result.ending == .signalled(9))
        #expect(try await tmux.pane(pane.id)?.pid == pane.pid)
      }
      #expect(try await tmux.client.panes().identity == tmux.identity)
    }
  }

  /// Two daemons of two towns may share a server.
  @Test func twoShareAKeeper() async throws {
    try await withTmuxServer(lasting: true) { tmux in
      try await withControl(tmux) { control in
        let list = try await tmux.tmux("list-sessions", "-F", "#{session_name} #{session_attached}").output
        #expect(list == "gastown-keeper 2\n")
        #expect(await control.isConnected)
      }
      #expect(try await tmux.client.panes().identity == tmux.identity)
      #expect(tmux.runner.count == 0)
    }
  }
}
