// SPDX-License-Identifier: Apache-2.0

import Commands
import Control
import Synchronization
import TestSupport
import Testing
import Town

@Suite("Requests to the daemon", .requiresSystemd)
struct RequestsTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]

  private final class Tally: Sendable {
    let answered = Mutex(0)
    let pids = Mutex<Set<Int32>>([])
    let isOver = Mutex(false)

    /// Waits until a daemon has answered that was not there before `disturbance`.
    func answerOfAnother(than disturbance: () async throws -> Void) async throws {
      let before = pids.withLock { $0.count }
      try await disturbance()
      try await eventually("an answer of another daemon") { pids.withLock { $0.count } > before }
    }
  }

  @Test func `six hundred are all answered, whatever becomes of the daemon meanwhile`() async throws {
    try await withTown(.init(dropIn: "RestartSec=100ms")) { town in
      let before = try await town.settle(Self.everybody)
      let client = ControlClient(socketPath: try await town.controlSocket(), town: town.town)
      let tally = Tally()
      try await withThrowingTaskGroup { group in
        for worker in 0..<6 {
          group.addTask {
            var count = 0
            // At least a hundred each, and as many as it takes until all has happened.
            while count < 100 || !tally.isOver.withLock({ $0 }) {
              if worker == 0, count % 20 == 5 {
                // One of those that start a turn, now and then.
                _ = try await client.call(Refresh(), deadline: .seconds(60))
              } else {
                let status = try await client.call(Status(), deadline: .seconds(60))
                if let pid = status.pid { tally.pids.withLock { _ = $0.insert(pid) } }
              }
              count += 1
              tally.answered.withLock { $0 += 1 }
              try await Task.sleep(for: .milliseconds(10))
            }
          }
        }
        group.addTask {
          for _ in 0..<2 {
            try await tally.answerOfAnother { try await town.systemctl("restart", "gastown-daemon") }
            try await tally.answerOfAnother { try await town.kill(try await town.mainPID()) }
            // Stopped, and woken by whoever asks next.
            try await tally.answerOfAnother { try await town.systemctl("stop", "gastown-daemon.service") }
          }
          tally.isOver.withLock { $0 = true }
        }
        try await group.waitForAll()
      }
      let total = tally.answered.withLock { $0 }
      #expect(total >= 600)
      #expect(tally.pids.withLock { $0.count } >= 7, "\(total) requests")
      #expect(try await town.agents() == before)
      #expect(try await town.events("crash_detected").isEmpty)
    }
  }

  @Test(arguments: [true, false]) func `of those that only read, none starts a daemon that was stopped`(
    stopsSocket: Bool
  ) async throws {
    try await withTown { town in
      try await town.settle(Self.everybody)
      if stopsSocket {
        try await town.gt("daemon", "stop")
      } else {
        // Whoever connects now would wake it.
        try await town.systemctl("stop", "gastown-daemon.service")
      }
      for words in [
        ["session", "check"], ["session", "check", "rig1"], ["session", "list"], ["session", "status", "rig1/toast"],
        ["session", "capture", "rig1/toast"], ["session", "crashes"], ["agent", "list"],
        ["agent", "show", "rig1/toast"],
        ["polecat", "list"], ["rig", "list"], ["mail", "inbox"], ["why", "rig1/toast"], ["doctor"], ["events"],
        ["daemon", "status"], ["daemon", "explain"], ["daemon", "settings"],
        ["daemon", "logs", "--", "--no-pager", "-n", "1"],
      ] {
        let result = try await town.systemd.run(
          town.name, ["gt"] + words, environment: ["PATH": town.path])
        #expect(result.status != 64, "\(words): \(result.errors)")
        #expect(try await town.property("ActiveState") == "inactive", "\(words)")
      }
      #expect(
        try await town.property("ActiveState", of: "gastown-daemon.socket") == (stopsSocket ? "inactive" : "active"))
      #expect(try await town.event("daemon_ready").count == 1)
    }
  }
}
