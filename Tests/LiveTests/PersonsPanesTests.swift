// SPDX-License-Identifier: Apache-2.0

import Beads
import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// What a person has split off, or opened, in the session of an agent.
@Suite("A person's panes in an agent's session stay", .requires(executable: "tmux"), .timeLimit(.minutes(3)))
struct PersonsPanesTests {
  private let toast = LiveTownFixture.toast

  /// A running agent, a pane of a person's beside it and a window behind it, and what becomes of them by `body`.
  private func withPersonsPanes(
    _ body: (LiveTownFixture, Supervisor, ProcessLife) async throws -> Void
  ) async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.supervised { supervisor, journal in
        await supervisor.beat()
        let life = try await eventually("the agent") { try await town.liveness().life } as ProcessLife
        try await eventually("it says so") { town.starts() == 1 }
        try await town.tmux("split-window", "-d", "-t", "=\(toast.session):", "exec sleep 1001")
        try await town.tmux("new-window", "-d", "-t", "=\(toast.session):", "exec sleep 1002")
        let others = try await panes(town).filter { $0.pid != life.pid }
        #expect(others.count == 2)
        try await body(town, supervisor, life)
        for other in others {
          #expect(try await panes(town).contains { $0.id == other.id && $0.pid == other.pid && !$0.isDead })
        }
        #expect(try await panes(town).count == 3)
        #expect(journal.count("crash_detected") == 0)
      }
    }
  }

  private func panes(_ town: LiveTownFixture) async throws -> [Pane] {
    try await town.client.panes().panes.filter { $0.session == toast.session }
  }

  private func askForCycle(_ town: LiveTownFixture) async throws {
    try Disk.write(Array(#"{"requesting_cycle": true}"#.utf8), to: town.layout.path(toast.stateFile))
    _ = try await Mail(store: town.store).send(
      from: "rig/toast", to: "deacon/", subject: "LIFECYCLE: rig/toast requesting cycle",
      body: #"{"action":"cycle"}"#)
  }

  private func expectSuccessor(_ town: LiveTownFixture, of life: ProcessLife) async throws {
    let next =
      try await eventually("its successor") {
        try await town.liveness().life.flatMap { $0 == life ? nil : $0 }
      } as ProcessLife
    #expect(next.pane == life.pane)
    #expect(!ProcessTable().isRunning(life.process))
    #expect(try await panes(town).filter { $0.mark != nil }.map(\.pid) == [next.pid])
  }

  @Test func `a person's restart of the agent`() async throws {
    try await withPersonsPanes { town, supervisor, life in
      _ = try await supervisor.carryOut(PersonCommand(.restart, agent: toast, who: "ada"))
      try await expectSuccessor(town, of: life)
    }
  }

  @Test(arguments: [true, false])
  func `a restart beside a person's pane to which the agent's mark was given`(isPersons: Bool) async throws {
    try await withPersonsPanes { town, supervisor, life in
      let other = try #require(try await panes(town).first { $0.pid != life.pid })
      try await town.client.setMark(try #require(PaneMark(town.layout.mark)), on: other.id, of: other.pid)
      if isPersons {
        let outcome = try await supervisor.carryOut(PersonCommand(.restart, agent: toast, who: "ada"))
        #expect(outcome.pid != nil && outcome.pid != other.pid, "\(outcome)")
      } else {
        try await askForCycle(town)
        await supervisor.beat()
      }
      try await eventually("its successor") {
        try await panes(town).contains { "\($0.id)" == life.pane && !$0.isDead && $0.pid != life.pid }
      }
    }
  }

  @Test func `the agent's own cycle`() async throws {
    try await withPersonsPanes { town, supervisor, life in
      try await askForCycle(town)
      await supervisor.beat()
      try await expectSuccessor(town, of: life)
    }
  }

  @Test func `a person's stop of the agent, and the start after it`() async throws {
    try await withPersonsPanes { town, supervisor, life in
      _ = try await supervisor.carryOut(PersonCommand(.stop, agent: toast, who: "ada"))
      #expect(!ProcessTable().isRunning(life.process))
      await supervisor.beat()
      #expect(town.starts() == 1, "it stays stopped")
      _ = try await supervisor.carryOut(PersonCommand(.start, agent: toast, who: "ada"))
      try await expectSuccessor(town, of: life)
    }
  }

  /// Where the agent's pane is the last that lives, its session goes with it.
  @Test func `a session without a person's pane is ended with its agent`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.launch()
      try await town.tmux("split-window", "-d", "-t", "=\(toast.session):", "exec true")
      try await eventually("the end of the other pane") { try await panes(town).contains { $0.isDead } }
      let outcome = await town.world.end(toast, liveness: try await town.liveness())
      guard case .ended = outcome else { throw NotInTime(description: "\(outcome)") }
      #expect(try await panes(town).isEmpty)
    }
  }
}
