// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("The tmux server is lost", .requiresSystemd)
struct TmuxServerTests {
  private static let plan = TownUser.Plan(
    polecats: ["rig1/toast", "rig1/nux", "rig1/idle"], working: ["rig1/toast", "rig1/nux"])
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast", "gt-rig1-nux"]

  @Test func `after kill-server from inside an agent everybody is back on a server in the unit's cgroup`() async throws
  {
    try await withTown(Self.plan) { town in
      let before = try await town.settle(Self.everybody)
      let server = try await town.mainPID(of: "gastown-tmux.service")
      try await eventually("the agent begins") { town.log("gt-rig1-toast").contains("told Begin.") }
      try await town.shell(
        "tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock send-keys -t =gt-rig1-toast: 'run tmux kill-server' Enter")
      try await expectBack(town, before: before, server: server)
    }
  }

  @Test func `after kill -9 of the server everybody is back on a server in the unit's cgroup`() async throws {
    try await withTown(Self.plan) { town in
      let before = try await town.settle(Self.everybody)
      let server = try await town.mainPID(of: "gastown-tmux.service")
      try await town.kill(server)
      try await expectBack(town, before: before, server: server)
    }
  }

  @Test func `a person's stop of the server ends as it should, and then everybody is back`() async throws {
    try await withTown(Self.plan) { town in
      let before = try await town.settle(Self.everybody)
      let server = try await town.mainPID(of: "gastown-tmux.service")
      // The server has ended by then, and the daemon wants it back.
      try await town.dropIn("ExecStopPost=/bin/sleep 2", for: "gastown-tmux.service")
      try await town.systemctl("stop", "gastown-tmux")
      try await expectBack(town, before: before, server: server)
    }
  }

  @Test(arguments: ["workers", "default", "/tmp/gastown-$USER/sock"])
  func `a server that is not the unit's is never started below the daemon`(socket: String) async throws {
    var plan = Self.plan
    plan.settings = "\"tmux_socket\": \"\(socket)\""
    try await withTown(plan) { town in
      let before = try await town.settle(Self.everybody)
      for (session, pid) in before {
        let cgroup = try await town.shell("cat /proc/\(pid)/cgroup")
        #expect(
          cgroup.contains("app-gastown-agents.slice") && !cgroup.contains("gastown-daemon"), "\(session): \(cgroup)")
      }
      try await town.systemctl("restart", "gastown-daemon")
      try await town.kill(try await town.mainPID())
      try await eventually("the next daemon") { try await town.property("NRestarts") == "1" }
      try await town.beat()
      #expect(try await town.agents() == before)
      #expect(try await town.events("crash_detected").isEmpty)
    }
  }

  private func expectBack(_ town: TownUser, before: [String: Int32], server: Int32) async throws {
    try await eventually("the end of the old server") {
      try await town.mainPID(of: "gastown-tmux.service") != server
    }
    try await town.beat()
    let after = try await town.settle(Self.everybody)
    for (session, pid) in after { #expect(pid != before[session], "\(session)") }
    try await eventually("the new server") {
      let pid = try await town.mainPID(of: "gastown-tmux.service")
      return pid > 0 && pid != server
    }
    let new = try await town.mainPID(of: "gastown-tmux.service")
    let asked = try await town.shell("tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock display-message -p '#{pid}'")
    #expect(asked == "\(new)\n")
    #expect(try await town.shell("cat /proc/\(new)/cgroup").contains("gastown-tmux.service"))
    #expect(try await town.panes().count == Self.everybody.count)
    for session in Self.everybody { #expect(try await town.roots(of: session).count == 1, "\(session)") }
    // Restarted, not started: each of these deaths was seen.
    #expect(Set(try await town.events("crash_detected").compactMap { $0["GT_SESSION"] }) == Self.everybody)
    #expect(try await town.events("crash_detected").count == Self.everybody.count)
    #expect(try await town.events("agent_restarted").count == Self.everybody.count)
  }
}
