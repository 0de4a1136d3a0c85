// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing
import Tmux

@Suite(.requires(executable: "tmux")) struct CreationTests {
  /// Also on a server like a user's, where a pane goes with its process.
  @Test(arguments: [true, false])
  func aCommandThatEndsAtOnceKeepsItsStatus(remainOnExit: Bool) async throws {
    try await withTmuxServer(remainOnExit: remainOnExit) { tmux in
      var expected: [PaneID: Int] = [:]
      for number in 0..<200 {
        let status = number * 7 % 256
        expected[try await tmux.create("gt-\(number)", ["sh", "-c", "exit \(status)"]).id] = status
      }
      let server = try #require(ProcessTable().identity(of: tmux.identity.pid))
      let panes =
        try await eventually("200 deaths") {
          try Signals.send(17, to: server)
          let panes = try await tmux.client.panes().panes
          return panes.allSatisfy { $0.isDead && !$0.endIsUnknown } ? panes : nil
        } as [Pane]
      #expect(panes.count == 200)
      #expect(panes.allSatisfy { $0.deadStatus == expected[$0.id] && $0.mark?.token == "mark" })
    }
  }

  /// Without the pipe 10 to 20 of 100 lose some. With it 1 of some 1000 may, on a busy machine, where
  /// the kernel itself has not yet brought them to tmux.
  @Test func lastWordsAreKept() async throws {
    try await withTmuxServer { tmux in
      var captures: [PaneCapture] = []
      let command = ["sh", "-c", "sleep 0.1; seq 1000 1200; echo last words; exit 3"]
      for number in 0..<100 {
        captures.append(PaneCapture(try await tmux.create("gt-\(number)", command).id, lines: 202))
      }
      let expected = (1000...1200).map(String.init) + ["last words"]
      for round in 1...2 {
        for capture in captures { _ = try await tmux.death(of: capture.pane) }
        let texts = try await tmux.client.capture(panes: captures)
        let lost = captures.filter { texts[$0.pane] != expected }.count
        #expect(lost <= 3, "round \(round)")
        if round == 2 { break }
        for capture in captures {
          _ = try await tmux.client.respawn(capture.pane, PaneProcess(directory: "/", argv: command))
        }
      }
    }
  }

  @Test func aSignalThatEndsTheProcessIsTold() async throws {
    try await withTmuxServer { tmux in
      let pane = try await tmux.create("gt-a", ["sh", "-c", "kill -SEGV $$"])
      let death = try await tmux.death(of: pane.id)
      #expect(death.deadSignal == 11 && death.deadStatus == nil && death.deadTime != nil)
    }
  }

  @Test func aSecondSessionOfTheNameIsRefusedAndTheFirstUntouched() async throws {
    try await withTmuxServer { tmux in
      let first = try await tmux.create("gt-a", mark: "first")
      let error = await #expect(throws: TmuxError.self) { try await tmux.create("gt-a", mark: "second") }
      #expect(error?.code == .duplicateSession)
      let panes = try await tmux.client.panes().panes
      #expect(panes.map(\.pid) == [first.pid])
      #expect(panes.map(\.mark?.token) == ["first"])
    }
  }

  @Test func ofManyAtOnceOneIsMade() async throws {
    try await withTmuxServer { tmux in
      let made = await withTaskGroup(of: Bool.self) { group in
        for number in 0..<8 {
          group.addTask { (try? await tmux.create("gt-a", mark: "m\(number)")) != nil }
        }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(made == 1)
      let sessions = try await tmux.sessions()
      #expect(sessions == ["gt-a"])
    }
  }

  @Test func aMissingDirectoryIsAnErrorAndNothingIsMade() async throws {
    try await withTmuxServer { tmux in
      let error = await #expect(throws: TmuxError.self) {
        try await tmux.create("gt-a", directory: tmux.directory("missing"))
      }
      #expect(error?.code == .noDirectory)
      #expect(error?.reason.contains(tmux.directory("missing")) == true)
      let sessions = try await tmux.sessions()
      #expect(sessions == [])
    }
  }

  @Test func aMissingProgramIsADeadPaneThatSaysWhy() async throws {
    try await withTmuxServer { tmux in
      let pane = try await tmux.create("gt-a", ["no-such-agent"])
      #expect(try await tmux.death(of: pane.id).deadStatus == 127)
      let text = try await tmux.client.capture(panes: [PaneCapture(pane.id, lines: 20)])
      #expect(text[pane.id]?.contains { $0.contains("no-such-agent") } == true)
    }
  }

  @Test func respawnRefusesALivePaneAndAnswersADeadOne() async throws {
    try await withTmuxServer { tmux in
      let first = try await tmux.create("gt-a", ["sleep", "1000"], mark: "m")
      let again = PaneProcess(directory: "/", argv: ["sleep", "2000"])
      let error = await #expect(throws: TmuxError.self) { try await tmux.client.respawn(first.id, again) }
      #expect(error?.code == .paneIsAlive)
      let process = try #require(ProcessTable().identity(of: first.pid))
      try Signals.send(9, to: process)
      _ = try await tmux.death(of: first.id)
      let second = try await tmux.client.respawn(first.id, again)
      #expect(second.id == first.id && second.pid != first.pid)
      let third = try await tmux.client.replaceLiveProcess(of: first.id, with: again)
      #expect(third.pid != second.pid)
      let pane = try #require(try await tmux.pane(first.id))
      #expect(pane.pid == third.pid && !pane.isDead && pane.mark?.token == "m")
      let missing = await #expect(throws: TmuxError.self) {
        try await tmux.client.respawn(PaneID(number: 999), again)
      }
      #expect(missing?.code == .noSuchTarget)
    }
  }
}
