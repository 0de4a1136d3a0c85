// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing
import Tmux

@Suite(.requires(executable: "tmux")) struct TargetTests {
  /// tmux itself would take `gt-a` for any of these once `gt-a` is gone.
  @Test func aSessionIsNeverTakenForAnother() async throws {
    try await withTmuxServer { tmux in
      let name = try #require(SessionName("gt-a"))
      for session in ["gt-a-b", "gt-a2", "gt-ab"] { try await tmux.create(session) }
      let error = await #expect(throws: TmuxError.self) { try await tmux.client.kill(session: name) }
      #expect(error?.code == .noSuchTarget)
      try await tmux.create("gt-a", mark: "a")
      let marked = try await tmux.client.panes().panes.filter { $0.mark?.token == "a" }
      #expect(marked.map(\.session) == ["gt-a"])
      try await tmux.client.kill(session: name)
      let sessions = try await tmux.sessions()
      #expect(sessions == ["gt-a-b", "gt-a2", "gt-ab"])
    }
  }

  @Test func theMarkIsOnThePaneAlone() async throws {
    try await withTmuxServer { tmux in
      let pane = try await tmux.create("gt-a", mark: "m")
      try await tmux.tmux("split-window", "-d", "-t", "\(pane.id)", "sleep 1000")
      try await tmux.tmux("new-window", "-d", "-t", "=gt-a:", "sleep 1000")
      let panes = try await tmux.client.panes().panes
      #expect(panes.count == 3)
      #expect(panes.filter { $0.mark != nil }.map(\.id) == [pane.id])
      // It goes with the pane when that is moved, and is cleared and set again.
      try await tmux.tmux("break-pane", "-d", "-s", "\(pane.id)")
      #expect(try await tmux.pane(pane.id)?.mark?.token == "m")
      try await tmux.tmux("set-option", "-p", "-u", "-t", "\(pane.id)", "@gastown")
      #expect(try await tmux.pane(pane.id)?.mark == nil)
      try await tmux.client.setMark(try #require(PaneMark("n=1")), on: pane.id, of: pane.pid)
      #expect(try await tmux.pane(pane.id)?.mark?.token == "n=1")
      for (id, pid) in [(PaneID(number: 999), pane.pid), (pane.id, pane.pid + 1)] {
        let error = await #expect(throws: TmuxError.self) {
          try await tmux.client.setMark(try #require(PaneMark("m")), on: id, of: pid)
        }
        #expect(error?.code == .noSuchTarget)
      }
      #expect(try await tmux.pane(pane.id)?.mark?.token == "n=1")
    }
  }

  /// On a server like a user's, where a pane goes with its process.
  @Test func aPaneThatIsMarkedLaterRemainsAndItsNeighbourGoes() async throws {
    try await withTmuxServer(remainOnExit: false) { tmux in
      try await tmux.tmux("new-session", "-d", "-s", "gt-a", "/bin/sh")
      let pane = try #require(try await tmux.client.panes().panes.first)
      try await tmux.tmux("split-window", "-d", "-t", "\(pane.id)", "/bin/sh")
      try await tmux.client.setMark(try #require(PaneMark("m")), on: pane.id, of: pane.pid)
      let other = try #require(try await tmux.client.panes().panes.first { $0.id != pane.id })
      #expect(other.mark == nil)
      for pane in [pane, other] {
        try Signals.send(9, to: try #require(ProcessTable().identity(of: pane.pid)))
      }
      #expect(try await tmux.death(of: pane.id).deadSignal == 9)
      try await eventually("the neighbour's end") { try await tmux.pane(other.id) == nil }
      // The next process comes with its own mark, in one step.
      let mark = try #require(PaneMark("n"))
      let next = try await tmux.client.respawn(
        pane.id, PaneProcess(directory: "/", argv: ["sleep", "1000"]), mark: mark)
      #expect(next.id == pane.id)
      #expect(try await tmux.pane(pane.id)?.mark?.token == "n")
      let id = try #require(try await tmux.pane(pane.id)?.sessionID)
      try await tmux.create("gt-b")
      // Another process is in the pane, or another pane lives: the session stays.
      #expect(try await !tmux.client.kill(sessionID: id, of: pane.id, withProcess: pane.pid))
      try await tmux.tmux("new-window", "-d", "-t", "\(id):", "sleep 1000")
      #expect(try await !tmux.client.kill(sessionID: id, of: pane.id, withProcess: next.pid))
      try await tmux.tmux("kill-window", "-t", "\(id):{end}")
      #expect(try await tmux.client.kill(sessionID: id, of: pane.id, withProcess: next.pid))
      #expect(try await !tmux.client.kill(sessionID: id, of: pane.id, withProcess: next.pid), "it is gone")
      #expect(try await tmux.sessions() == ["gt-b"])
    }
  }
}
