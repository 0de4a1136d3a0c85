// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing
import Tmux

@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct TerminalTests {
  /// The process of a pane that runs `script`, once that has made the file `ready`.
  private func process(_ script: String, in tmux: TmuxFixture) async throws -> ProcessIdentity {
    let pane = try await tmux.client.createSession(
      NewPane(
        session: try #require(SessionName("test")), mark: try #require(PaneMark("mark")),
        process: PaneProcess(directory: tmux.directory.path, argv: ["sh", "-c", script])))
    let identity = try #require(ProcessTable().identity(of: pane.pid))
    try await eventually("ready") { TestFile.exists(tmux.directory("ready")) }
    return identity
  }

  @Test func `a terminal as it is at first collects lines`() async throws {
    try await withTmuxServer { tmux in
      let process = try await process(": >ready; exec sleep 1000", in: tmux)
      #expect(Terminal.collectsLines(of: process) == true)
    }
  }

  @Test(arguments: ["raw", "-icanon", "cbreak"])
  func `a terminal from which keys are read does not`(mode: String) async throws {
    try await withTmuxServer { tmux in
      let process = try await process("stty \(mode); : >ready; exec sleep 1000", in: tmux)
      #expect(Terminal.collectsLines(of: process) == false)
    }
  }

  @Test func `an input that is no terminal is not known`() async throws {
    try await withTmuxServer { tmux in
      let process = try await process("exec </dev/null; : >ready; exec sleep 1000", in: tmux)
      #expect(Terminal.collectsLines(of: process) == nil)
    }
  }

  @Test func `of who has ended, or has another's pid, nothing is known`() async throws {
    try await withTmuxServer { tmux in
      let process = try await process(": >ready; exec sleep 1000", in: tmux)
      #expect(Terminal.collectsLines(of: ProcessIdentity(pid: process.pid, startTime: process.startTime + 1)) == nil)
      try Signals.send(9, to: process)
      try await ProcessExit.wait(for: process)
      #expect(Terminal.collectsLines(of: process) == nil)
    }
  }
}
