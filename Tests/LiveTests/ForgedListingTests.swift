// SPDX-License-Identifier: Apache-2.0

import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// A process of the user can redefine tmux's commands (`command-alias`): then tmux shows what is not so.
@Suite("Answers of tmux that are forged", .requires(executable: "tmux"), .timeLimit(.minutes(3)))
struct ForgedListingTests {
  enum Victim: CaseIterable {
    case otherAgent, personOnTheServer, personElsewhere, server
  }

  private let toast = LiveTownFixture.toast
  private let nux = AgentIdentity.polecat(rig: LiveTownFixture.rig, name: "nux")

  /// Two agents, a person's session, and a process that is none of tmux's.
  private func withVictim(
    _ victim: Victim, _ body: (LiveTownFixture, Supervisor, ProcessLife, Int32) async throws -> Void
  ) async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast", "nux")
      try await town.tmux("new-session", "-d", "-s", "work", "-c", town.layout.directory(of: toast), "exec sleep 1003")
      let elsewhere = TmuxServer.path(town.directory("terminal"))
      try await town.tmux("new-session", "-d", "-s", "person", "exec sleep 1004", on: elsewhere)
      let stranger = try #require(
        try await TmuxClient(server: elsewhere, runner: town.runner).panes().panes.first)
      try await town.supervised { supervisor, journal in
        await supervisor.beat()
        let life = try await eventually("the agent") { try await town.liveness().life } as ProcessLife
        let other = try await eventually("the other") { try await town.liveness(of: nux).life } as ProcessLife
        town.know(life, of: toast)
        town.know(other, of: nux)
        let panes = try await town.client.panes()
        let pid: Int32 =
          switch victim {
          case .otherAgent: other.pid
          case .personOnTheServer: try #require(panes.panes.first { $0.session == "work" }).pid
          case .personElsewhere: stranger.pid
          case .server: try #require(panes.identity).pid
          }
        let process = try #require(ProcessTable().identity(of: pid))
        try await body(town, supervisor, life, pid)
        #expect(ProcessTable().isRunning(process) && ProcessTable().isRunning(other.process))
        #expect(ProcessTable().isRunning(life.process))
        #expect(journal.count("crash_detected") == 0)
      }
    }
  }

  /// Has `list-panes` show `pid` in the agent's pane.
  private func forge(_ pid: Int32, in town: LiveTownFixture) async throws {
    let format = PaneListing.format.replacing(
      "#{pane_pid}", with: "#{?#{==:#{session_name},\(toast.session)},\(pid),#{pane_pid}}")
    try await town.tmux(
      "set-option", "-s", "command-alias[90]", "list-panes=list-panes -a -F '\(format)' ; list-panes -f 0")
    #expect(try await town.client.panes().panes.contains { $0.session == toast.session && $0.pid == pid })
  }

  @Test(arguments: Victim.allCases)
  func `a process that is shown in another's pane is not taken for the agent, and not ended`(
    victim: Victim
  ) async throws {
    try await withVictim(victim) { town, supervisor, life, pid in
      guard case .alive(_, let place) = try await town.liveness() else { throw NotInTime(description: "not alive") }
      try await forge(pid, in: town)
      guard case .unknown(let reason) = try await town.liveness() else {
        throw NotInTime(description: "\(try await town.liveness())")
      }
      #expect(reason.contains("pid \(pid)"), "\(reason)")
      await supervisor.beat()
      for verb in [PersonCommand.Verb.stop, .restart] {
        let outcome = await #expect(throws: CommandRefusal.self) {
          _ = try await supervisor.carryOut(PersonCommand(verb, agent: toast, who: "ada"))
        }
        #expect(outcome?.description.contains("pid \(pid)") == true, "\(String(describing: outcome))")
      }
      // Nor where all that is told of it before is wrong.
      var forged = life
      forged.pid = pid
      forged.startTime = try #require(ProcessTable().identity(of: pid)).startTime
      guard case .failed = await town.world.end(toast, liveness: .alive(forged, place: place)) else {
        throw NotInTime(description: "pid \(pid) was ended")
      }
      try await town.tmux("set-option", "-s", "-u", "command-alias[90]")
      try await eventually("the truth") { try await town.liveness().life == life }
    }
  }

  @Test(arguments: Victim.allCases)
  func `a process that is shown as the one that was just started is not taken for it`(victim: Victim) async throws {
    try await withVictim(victim) { town, _, _, pid in
      let server = try #require(try await town.client.panes().identity)
      try await town.tmux(
        "set-option", "-s", "command-alias[90]",
        "new-session=display-message -p '%9 \(pid) \(server.pid) \(server.startTime)' ; new-session")
      let dust = try await town.addPolecats("dust")[0]
      let outcome = await town.world.launch(town.order(dust))
      guard case .uncertain(let reason) = outcome else { throw NotInTime(description: "\(outcome)") }
      #expect(reason.contains("pid \(pid)"), "\(reason)")
    }
  }

  @Test func `a server that names another process than the one that listens is not believed`() async throws {
    try await withVictim(.personElsewhere) { town, _, _, pid in
      try await town.tmux(
        "set-option", "-s", "command-alias[90]", "display-message=display-message -p '\(pid) 1' ; show-options -gqv")
      guard case .unknown(let reason) = try await town.liveness() else {
        throw NotInTime(description: "\(try await town.liveness())")
      }
      #expect(reason.contains("listens at"), "\(reason)")
      try await town.tmux("set-option", "-s", "-u", "command-alias[90]")
    }
  }

  @Test func `what another program starts in an agent's pane is told as a replacement`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.supervised { supervisor, journal in
        await supervisor.beat()
        let life = try await eventually("the agent") { try await town.liveness().life } as ProcessLife
        try await town.tmux("respawn-pane", "-k", "-t", life.pane, "exec agent")
        try await eventually("it is told") { journal.events(toast).contains("agent_replaced") }
        #expect(!journal.events(toast).contains("crash_detected") && !ProcessTable().isRunning(life.process))
        let entry = try #require(journal.entries.first { $0.event == "agent_replaced" })
        #expect(entry.message.contains("in place of pid \(life.pid)"), "\(entry.message)")
        // The next is the agent: its death is one of the agent's.
        let next = try await eventually("the next") { try await town.liveness().life } as ProcessLife
        #expect(next.pane == life.pane && next.pid != life.pid)
        try await town.kill(next)
        try await eventually("its death is told") { journal.events(toast).contains("crash_detected") }
      }
    }
  }

  @Test func `which of tmux's own commands are redefined is known`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.tmux("new-session", "-d", "-s", "work", "exec sleep 1003")
      #expect(try await town.client.redefinedCommands().isEmpty)
      try await town.tmux("set-option", "-s", "command-alias[90]", "paste-buffer=paste-buffer -t work")
      try await town.tmux("set-option", "-s", "command-alias[91]", "zoom=resize-pane -Z")
      let redefined = try await town.client.redefinedCommands()
      #expect(redefined.map(\.index) == [90] && redefined.map(\.name) == ["paste-buffer"])
    }
  }

  /// A client passes its standard output to the server.
  @Test(.requires(executable: "flock"))
  func `a tmux server to which the town's lock was passed is not to be ended`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.tmux("new-session", "-d", "-s", "work", "exec sleep 1003")
      let server = try #require(try await town.client.panes().identity).pid
      let client = """
        mkfifo "$1"; exec 8<>"$1" 9>>"$2"; flock 9
        tmux -S "$3" -C attach -t work <&8 >&9 9>&- 8>&- & exec 9>&-; wait
        """
      try await town.tmux(
        "new-session", "-d", "-s", "lock", "sh", "-c", client, "sh", town.directory("pipe"), town.layout.lock,
        town.directory("tmux"), on: .path(town.directory("terminal")))
      let holder = try await eventually("the server holds it") {
        TownLock.holder(layout: town.layout).flatMap { $0.pid == server ? $0 : nil }
      }
      #expect(holder.hostsAgents && holder.remedy == nil && !holder.refusal.contains("kill"), "\(holder.refusal)")
    }
  }
}
