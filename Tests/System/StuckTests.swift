// SPDX-License-Identifier: Apache-2.0

import Commands
import Control
import TestSupport
import Testing
import Town

/// Every way in which a daemon is known to get stuck, each left to the units alone.
@Suite("A stuck daemon comes back by itself", .requiresSystemd)
struct StuckTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]

  /// A town whose check looks every second, where the shipped one does every two minutes.
  private func withCheckedTown(
    _ dropIn: String, unit: String = "", _ body: (TownUser, [String: Int32]) async throws -> Void
  ) async throws {
    try await withTown(.init(dropIn: dropIn, isStarted: false)) { town in
      try await town.dropIn(
        "OnActiveSec=\nOnActiveSec=1s\nOnUnitInactiveSec=1s\nAccuracySec=50ms",
        for: "gastown-check.timer", section: "Timer")
      if !unit.isEmpty { try await town.dropIn(unit, section: "Unit") }
      try await town.start()
      try await body(town, try await town.settle(Self.everybody))
    }
  }

  /// Waits until another daemon than `former` is at work, and sees that no agent has noticed.
  private func expectAnother(_ town: TownUser, than former: Int32, agents: [String: Int32]) async throws {
    try await eventually("another daemon", within: .seconds(150), every: .milliseconds(200)) {
      let next = try await town.mainPID()
      guard next > 0, next != former else { return false }
      return try await town.property("ActiveState") == "active"
    }
    try await town.beat()
    #expect(try await town.agents() == agents)
    #expect(try await town.events("crash_detected").isEmpty)
    #expect(try await town.property("ActiveState", of: "gastown-daemon.socket") == "active")
    #expect(try await town.property("ActiveState", of: "gastown-check.timer") == "active")
  }

  @Test(arguments: [true, false]) func `a loop that hangs, seen by the watchdog or by the check`(
    watchdog: Bool
  ) async throws {
    let dropIn =
      "Environment=GASTOWN_FAULT=%h/fault\nTimeoutAbortSec=2\nRestartSec=50ms\nWatchdogSec=\(watchdog ? 3 : 0)"
    try await withCheckedTown(dropIn) { town, agents in
      if watchdog { try await town.systemctl("stop", "gastown-check.timer") }
      let main = try await town.mainPID()
      try await town.write("hang\n", to: "fault")
      try await town.systemctl("kill", "-s", "USR1", "--kill-who=main", "gastown-daemon")
      try await eventually("the loop hangs") { !town.exists("fault") }
      if watchdog {
        try await eventually("another daemon", within: .seconds(60), every: .milliseconds(200)) {
          let next = try await town.mainPID()
          return next > 0 && next != main
        }
        try await town.systemctl("start", "gastown-check.timer")
      }
      try await expectAnother(town, than: main, agents: agents)
      let journal = try await town.run("journalctl", "--user", "-o", "cat", "--no-pager").output
      #expect(journal.contains("Watchdog timeout") == watchdog)
      #expect(journal.contains("the daemon is stuck (a turn takes too long)") == !watchdog)
    }
  }

  @Test func `a start limit that was reached, and the socket that fails with it`() async throws {
    try await withCheckedTown("RestartSec=10ms", unit: "StartLimitIntervalSec=600\nStartLimitBurst=3") { town, agents in
      var main = try await town.mainPID()
      func journal() async throws -> String {
        try await town.run("journalctl", "--user", "-o", "cat", "--no-pager").output
      }
      for _ in 0..<3 {
        try await town.kill(main)
        try await eventually("an end, or the next daemon", every: .milliseconds(50)) {
          let next = try await town.mainPID()
          if next > 0, next != main {
            main = next
            return true
          }
          return try await journal().contains("gastown-daemon.service: Start request repeated too quickly.")
        }
      }
      try await expectAnother(town, than: 0, agents: agents)
      let said = try await journal()
      #expect(said.contains("gastown-daemon.service: Start request repeated too quickly."))
      #expect(said.contains("gastown-daemon.socket: Failed with result 'service-start-limit-hit'."))
      #expect(said.contains("reviving the daemon: its unit has failed"))
    }
  }

  @Test func `a control socket that somebody has removed`() async throws {
    try await withCheckedTown("RestartSec=50ms") { town, agents in
      let main = try await town.mainPID()
      try await town.shell("rm $XDG_RUNTIME_DIR/gastown/control.sock")
      try await expectAnother(town, than: main, agents: agents)
      let journal = try await town.run("journalctl", "--user", "-t", "gastown-check", "-o", "cat", "--no-pager").output
      #expect(journal.contains("it is restarted with its socket"))
    }
  }

  @Test func `a control socket that is full of clients who say nothing`() async throws {
    try await withCheckedTown("RestartSec=50ms\nTimeoutAbortSec=2") { town, agents in
      let main = try await town.mainPID()
      let clients = try SilentClients(200, at: try await town.controlSocket())
      // They make room for who asks, so that nobody has to be ended.
      try await eventually("a check that finds the daemon well") {
        try await town.run("gastown-daemon", "check").output.contains("the daemon is healthy")
      }
      try await town.beat()
      clients.close()
      #expect(try await town.mainPID() == main)
      #expect(try await town.agents() == agents)
    }
  }

  @Test func `settings that are wrong are no loop, and a request that waits starts none`() async throws {
    try await withTown(.init(isStarted: false)) { town in
      let settings = try #require(town.text("gt/mayor/daemon.json"))
      try await town.write(#"{"agents": {"nobody": {}}}"#, to: "gt/mayor/daemon.json")
      try await town.systemctl("start", "gastown-daemon.socket")
      let client = try SilentClients(1, at: try await town.controlSocket())
      try await eventually("its failure") { try await town.property("ActiveState") == "failed" }
      // Whoever asks is told why, by a daemon that was started for that alone.
      let asked = ControlClient(socketPath: try await town.controlSocket(), town: town.town)
      let error = await #expect(throws: ControlError.self) { try await asked.call(Beat(), deadline: .seconds(30)) }
      #expect(error?.reason.contains("agents.nobody") == true, "\(error.map { "\($0)" } ?? "")")
      try await eventually("its failure") { try await town.property("ActiveState") == "failed" }
      let refusals = try await town.journal().count {
        ($0["MESSAGE"] ?? "").contains("nobody") && $0["SYSLOG_IDENTIFIER"] == "gastown-daemon"
      }
      #expect(refusals <= 2, "\(refusals) starts for two requests")
      client.close()
      try await town.write(settings, to: "gt/mayor/daemon.json")
      try await town.gt("daemon", "start")
      try await town.beat()
      try await town.settle(Self.everybody)
    }
  }
}
