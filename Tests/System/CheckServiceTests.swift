// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("The dead man's check", .requiresSystemd)
struct CheckServiceTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]

  @Test func `finds a daemon that is well, and leaves it`() async throws {
    try await withTown { town in
      let main = try await town.mainPID()
      #expect(try await town.property("ActiveState", of: "gastown-check.timer") == "active")
      try await town.systemctl("start", "gastown-check.service")
      #expect(try await town.property("Result", of: "gastown-check.service") == "success")
      #expect(try await town.mainPID() == main)
      // By its name: the journal does not always know any more which unit a process that has ended was of.
      try await eventually("its word") {
        try await town.run("journalctl", "--user", "-t", "gastown-check", "-o", "cat", "--no-pager").output
          .contains("the daemon is healthy")
      }
    }
  }

  @Test func `revives a daemon that has failed`() async throws {
    try await withTown(.init(dropIn: "Restart=no")) { town in
      let before = try await town.settle(Self.everybody)
      try await town.systemctl("kill", "-s", "KILL", "gastown-daemon")
      try await eventually("its failure") { try await town.property("ActiveState") == "failed" }
      // The timer, which is what finds this, has not been taken along.
      #expect(try await town.property("ActiveState", of: "gastown-check.timer") == "active")
      try await town.systemctl("start", "gastown-check.service")
      #expect(try await town.property("ActiveState") == "active")
      try await town.beat()
      #expect(try await town.agents() == before)
    }
  }

  @Test func `leaves one alone that a person has stopped`() async throws {
    try await withTown { town in
      let before = try await town.settle(Self.everybody)
      try await town.gt("daemon", "stop")
      #expect(try await town.property("ActiveState", of: "gastown-check.timer") == "inactive")
      try await town.systemctl("start", "gastown-check.service")
      #expect(try await town.property("Result", of: "gastown-check.service") == "success")
      #expect(try await town.property("ActiveState") == "inactive")
      #expect(try await town.property("ActiveState", of: "gastown-daemon.socket") == "inactive")
      #expect(try await town.agents() == before)
    }
  }

  @Test func `replaces one that is stuck`() async throws {
    // Without the watchdog, which would have seen this first.
    try await withTown(.init(dropIn: "WatchdogSec=0\nTimeoutAbortSec=2\nRestartSec=50ms")) { town in
      let before = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      try await town.kill(main, "STOP")
      try await town.systemctl("start", "gastown-check.service")
      // A process that is stopped dies of a SIGABRT only when it goes on.
      try await eventually("another daemon", within: .seconds(120), every: .milliseconds(100)) {
        let next = try await town.mainPID()
        guard next > 0, next != main else { return false }
        return try await town.property("ActiveState") == "active"
      }
      try await town.beat()
      #expect(try await town.agents() == before)
      #expect(try await town.events("crash_detected").isEmpty)
    }
  }

  @Test func `replaces one that SIGABRT does not end`() async throws {
    let command = "/bin/sh -c 'trap \"\" ABRT; exec /opt/gastown/bin/gastown-daemon --town %h/gt'"
    try await withTown(.init(dropIn: "WatchdogSec=0\nRestartSec=50ms\nExecStart=\nExecStart=\(command)")) { town in
      let before = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      try await town.kill(main, "STOP")
      try await town.systemctl("start", "gastown-check.service")
      #expect(try await town.property("Result", of: "gastown-check.service") == "success")
      try await eventually("another daemon", within: .seconds(60), every: .milliseconds(100)) {
        let next = try await town.mainPID()
        guard next > 0, next != main else { return false }
        return try await town.property("ActiveState") == "active"
      }
      let words = try await town.run("journalctl", "--user", "-t", "gastown-check", "-o", "cat", "--no-pager").output
      #expect(words.contains("it is ended with SIGKILL"))
      try await town.beat()
      #expect(try await town.agents() == before)
    }
  }

  @Test func `leaves one alone whose settings are wrong`() async throws {
    try await withTown(.init(isStarted: false)) { town in
      try await town.write(#"{"agents": {"nobody": {}}}"#, to: "gt/mayor/daemon.json")
      _ = try await town.run("systemctl", "--user", "start", "gastown-daemon")
      try await eventually("its failure") { try await town.property("ActiveState") == "failed" }
      #expect(try await town.property("ExecMainStatus") == "78")
      try await town.systemctl("start", "gastown-check.service")
      #expect(try await town.property("ActiveState") == "failed")
      #expect(try await town.property("NRestarts") == "0")
      let said = try await town.journal().contains {
        ($0["MESSAGE"] ?? "").contains("daemon.json") && ($0["MESSAGE"] ?? "").contains("nobody")
      }
      #expect(said)
    }
  }
}
