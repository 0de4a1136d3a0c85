// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing
import Tmux

/// What tmux's answers mean, without a tmux.
@Suite struct TmuxErrorTests {
  private func client(_ result: CommandResult) -> TmuxClient {
    TmuxClient(server: .path("/s"), runner: ScriptedRunner(results: [result]), trust: nil)
  }

  @Test(arguments: [
    "no server running on /s\n", "error connecting to /s (No such file or directory)\n", "no current target\n",
    "server exited unexpectedly\n",
  ])
  func noServerIsAFact(complaint: String) async throws {
    let listing = try await client(.failing(complaint)).panes()
    #expect(listing == .noServer)
  }

  @Test func aServerWithoutSessionsIsAServer() async throws {
    let listing = try await client(.failing("no current target\n", printing: "812 1700000000\n")).panes()
    #expect(listing == .server(ServerLife(pid: 812, startTime: 1_700_000_000), []))
  }

  /// It went away between the two commands of the call.
  @Test func aServerThatWentAwayIsNone() async throws {
    let listing = try await client(.failing("server exited unexpectedly\n", printing: "812 17\n")).panes()
    #expect(listing == .noServer)
  }

  @Test(arguments: [
    ("error connecting to /s (Permission denied)\n", TmuxError.Code.refused),
    ("error connecting to /s (File name too long)\n", .refused), ("access not allowed\n", .refused),
    ("couldn't create directory /x/tmux-7 (Permission denied)\n", .refused), ("what?\n", .commandFailed),
    ("", .commandFailed), ("command too long\n", .invalidArgument),
  ])
  func whatCouldNotBeReadIsAnError(complaint: String, code: TmuxError.Code) async {
    let error = await #expect(throws: TmuxError.self) { try await client(.failing(complaint)).panes() }
    #expect(error?.code == code)
    #expect(error?.description.contains("/s") == true)
  }

  @Test(arguments: ["", "nonsense\n", "812 17\nnonsense\n", "812 17\n%1|2\n"])
  func anUnreadableAnswerIsAnError(output: String) async {
    let error = await #expect(throws: TmuxError.self) { try await client(.printing(output)).panes() }
    #expect(error?.code == .unreadable)
  }

  @Test(arguments: [
    (CommandError.Code.notFound, TmuxError.Code.notFound), (.deadlineExceeded, .deadlineExceeded),
    (.outputLimitExceeded, .unreadable), (.failedToStart, .commandFailed),
  ])
  func whatTheRunnerSaysIsKept(code: CommandError.Code, expected: TmuxError.Code) async {
    let runner = ScriptedRunner { throw CommandError(code, command: $0, reason: "because") }
    let error = await #expect(throws: TmuxError.self) {
      try await TmuxClient(server: .default, runner: runner, trust: nil).panes()
    }
    #expect(error?.code == expected)
    #expect(error?.reason == "because")
  }

  @Test func everyCallRefusesToStartAServerAndHasADeadline() async throws {
    let runner = ScriptedRunner { _ in .failing("can't find session: x\n") }
    let client = TmuxClient(server: .name("x"), executable: "/t", runner: runner, deadline: .seconds(3), trust: nil)
    let name = try #require(SessionName("gt-a"))
    let mark = try #require(PaneMark("m"))
    let pane = PaneID(number: 1)
    let process = PaneProcess(directory: "/", argv: ["true"])
    _ = try? await client.panes()
    _ = try? await client.createSession(NewPane(session: name, mark: mark, process: process))
    _ = try? await client.respawn(pane, process)
    _ = try? await client.replaceLiveProcess(of: pane, with: process)
    _ = try? await client.setMark(mark, on: pane, of: 2)
    _ = try? await client.kill(session: name)
    _ = try? await client.kill(sessionID: "$1", of: pane, withProcess: 2)
    _ = try? await client.capture(panes: [PaneCapture(pane, lines: 5)])
    _ = try? await client.type("x", into: pane)
    _ = try? await client.submit(pane)
    #expect(runner.commands.count == 10)
    for command in runner.commands {
      #expect(command.arguments.starts(with: ["-N", "-u", "-L", "x"]))
      #expect(command.executable == "/t")
      #expect(command.deadline == .seconds(3))
    }
  }

  @Test(arguments: [
    PaneProcess(directory: "/", argv: []), PaneProcess(directory: "/", argv: [""]),
    PaneProcess(directory: "/", argv: ["A=1", "x"]), PaneProcess(directory: "x", argv: ["x"]),
    PaneProcess(directory: "/", environment: ["": "1"], argv: ["x"]),
    PaneProcess(directory: "/", environment: ["A=B": "1"], argv: ["x"]), PaneProcess(directory: "/", argv: ["x\0y"]),
  ])
  func whatCannotBeWrittenIsRefusedBeforeAnythingIsRun(process: PaneProcess) async {
    let runner = ScriptedRunner()
    let error = await #expect(throws: TmuxError.self) {
      try await TmuxClient(server: .default, runner: runner, trust: nil).respawn(PaneID(number: 1), process)
    }
    #expect(error?.code == .invalidArgument)
    #expect(runner.commands == [])
  }
}
