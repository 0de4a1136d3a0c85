// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("A crashed polecat is back at work", .requiresSystemd)
struct CrashTests {
  private static let session = "gt-rig1-toast"

  @Test func `a killed agent is replaced in its place and told to begin`() async throws {
    try await withTown { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", Self.session]
      let before = try await town.settle(everybody)
      let old = try #require(before[Self.session])
      try await eventually("the first agent begins") { town.log(Self.session).contains("told Begin.") }

      try await town.kill(old)
      try await town.beat()
      let after = try await town.settle(everybody)
      let new = try #require(after[Self.session])
      #expect(new != old)
      #expect(after["gt-deacon"] == before["gt-deacon"])
      #expect(after["gt-rig1-witness"] == before["gt-rig1-witness"])
      #expect(try await town.panes().count == 3)

      try await eventually("the new agent begins") { town.log(Self.session).count { $0 == "told Begin." } == 2 }
      #expect(
        town.log(Self.session) == [
          "start \(old) \(town.town)/rig1/polecats/toast", "told Begin.",
          "start \(new) \(town.town)/rig1/polecats/toast", "told Begin.",
        ])
      func own(_ pid: Int32) -> [String: String] {
        town.environment(Self.session, pid: pid).filter { !["GT_LIFE", "TMUX", "TMUX_PANE"].contains($0.key) }
      }
      #expect(own(new) == own(old))
      // Each life has a mark of its own.
      let marks = [old, new].compactMap { town.environment(Self.session, pid: $0)["GT_LIFE"] }
      #expect(marks.count == 2 && marks[0] != marks[1])
      #expect(!own(new).isEmpty)

      let crashes = try await town.event("crash_detected")
      #expect(crashes.count == 1)
      let crash = crashes[0]
      #expect(crash["GT_SESSION"] == Self.session)
      #expect(crash["GT_BEAD"] == "gt-work-toast")
      #expect(crash["GT_EXIT_SIGNAL"] == "9")
      #expect(crash["GT_EXIT_STATUS"] == nil)
      #expect(crash["GT_PID"] == "\(old)")
      #expect(crash["PRIORITY"] == "4")
      #expect(crash["SYSLOG_IDENTIFIER"] == "gastown-daemon")
      let restarts = try await town.event("agent_restarted")
      #expect(restarts.count == 1)
      let restart = restarts[0]
      #expect(restart["GT_SESSION"] == Self.session)
      #expect(restart["GT_BEAD"] == "gt-work-toast")
      #expect(restart["GT_EXIT_SIGNAL"] == "9")
      #expect(restart["GT_PID"] == "\(new)")
      #expect(restart["GT_RESTART_COUNT"] == "1")
      #expect(restart["PRIORITY"] == "5")
      for entry in [crash, restart] {
        let id = try #require(entry["MESSAGE_ID"])
        #expect(id.count == 32 && id.allSatisfy(\.isHexDigit))
      }
      #expect(crash["MESSAGE_ID"] != restart["MESSAGE_ID"])
      try await town.event("agent_ready", session: Self.session, count: 2)
      // Looking again finds nothing new.
      try await town.beat()
      #expect(try await town.events("crash_detected").count == 1)
      #expect(try await town.agents() == after)
    }
  }

  @Test func `a death is seen when it happens, without a heartbeat`() async throws {
    try await withTown { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", Self.session]
      let beats = try await town.settle(everybody)
      let count = try #require(town.text("gt/daemon/state.json"))
      var last = try #require(beats[Self.session])
      for restarts in 1...3 {
        // What was started is past its beginnings, and the back-off of the last time is over.
        try await eventually("it begins") { town.log(Self.session).count { $0 == "told Begin." } == restarts }
        try await town.kill(last)
        let crash = try #require(try await town.event("crash_detected", count: restarts).last)
        let restart = try #require(try await town.event("agent_restarted", count: restarts).last)
        let took = try #require(restart.microseconds) - (try #require(crash.microseconds))
        print("crash \(restarts): \(Double(took) / 1_000) ms from crash_detected to agent_restarted")
        let next = try #require(try await town.settle(everybody)[Self.session])
        #expect(next != last)
        last = next
      }
      // No heartbeat has taken place.
      #expect(town.text("gt/daemon/state.json") == count)
    }
  }

  @Test func `an agent that ends with a status of its own is told apart from a killed one`() async throws {
    try await withTown { town in
      let before = try await town.settle(["gt-deacon", "gt-rig1-witness", Self.session])
      try await eventually("the agent begins") { town.log(Self.session).contains("told Begin.") }
      try await town.shell(
        "tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock send-keys -t =\(Self.session): 'exit 3' Enter")
      try await town.event("agent_restarted", session: Self.session)
      let crash = try #require(try await town.event("crash_detected").first)
      #expect(crash["GT_EXIT_STATUS"] == "3")
      #expect(crash["GT_EXIT_SIGNAL"] == nil)
      let after = try await town.settle(["gt-deacon", "gt-rig1-witness", Self.session])
      #expect(after[Self.session] != before[Self.session])
    }
  }

  @Test func `the Deacon and a Witness are replaced whatever their beads say`() async throws {
    try await withTown { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", Self.session]
      let before = try await town.settle(everybody)
      for session in ["gt-deacon", "gt-rig1-witness"] { try await town.kill(try #require(before[session])) }
      try await town.beat()
      let after = try await town.settle(everybody)
      #expect(after["gt-deacon"] != before["gt-deacon"])
      #expect(after["gt-rig1-witness"] != before["gt-rig1-witness"])
      #expect(after[Self.session] == before[Self.session])
      #expect(try await town.events("crash_detected").count == 2)
      #expect(try await town.events("agent_restarted").count == 2)
    }
  }

  @Test func `nobody else reads of it in their journal`() async throws {
    try await withTown { town in
      try await town.event("daemon_ready")
      try await withTown(.init(polecats: [], isStarted: false)) { other in
        let result = try await other.run(
          "journalctl", "--user", "-o", "cat", "--no-pager", "GT_TOWN=\(town.town)")
        #expect(result.output.isEmpty)
        let all = try await other.run("journalctl", "-o", "cat", "--no-pager", "GT_TOWN=\(town.town)")
        #expect(all.output.isEmpty)
      }
    }
  }
}

extension [String: String] {
  /// When a journal entry was made.
  fileprivate var microseconds: Int? { self["_SOURCE_REALTIME_TIMESTAMP"].flatMap { Int($0) } }
}
