// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("The daemon is disposable", .requiresSystemd)
struct DisposableTests {
  private static let plan = TownUser.Plan(polecats: ["rig1/toast", "rig1/nux", "rig2/ace"])
  private static let everybody: Set = [
    "gt-deacon", "gt-rig1-witness", "gt-rig2-witness", "gt-rig1-toast", "gt-rig1-nux", "gt-rig2-ace",
  ]

  @Test func `twenty restarts cost no agent anything`() async throws {
    try await withTown(Self.plan) { town in
      let before = try await town.settle(Self.everybody)
      var main = try await town.mainPID()
      for round in 1...20 {
        let took = try await ContinuousClock().measure { try await town.systemctl("restart", "gastown-daemon") }
        if round % 10 == 0 { print("systemctl --user restart: \(took)") }
        let next = try await town.mainPID()
        #expect(next != main && next > 0)
        main = next
      }
      try await expectUntouched(town, before)
      #expect(try await town.events("daemon_ready").count == 21)
      #expect(try await town.events("daemon_stopping").count == 20)
    }
  }

  @Test func `twenty kills cost no agent anything`() async throws {
    // The pause between two tries is systemd's, and from 254 on it grows; a test need not wait it out.
    var plan = Self.plan
    plan.dropIn = "RestartSec=10ms"
    try await withTown(plan) { town in
      let before = try await town.settle(Self.everybody)
      for count in 1...20 {
        let main = try await town.mainPID()
        try await town.kill(main)
        try await eventually("the next daemon") {
          let next = try await town.mainPID()
          guard next != main, next > 0 else { return false }
          return try await town.property("ActiveState") == "active"
        }
        #expect(try await town.property("NRestarts") == "\(count)")
      }
      try await expectUntouched(town, before)
      #expect(try await town.property("ActiveState", of: "gastown-daemon.socket") == "active")
    }
  }

  @Test func `a death while the daemon is down is found when it comes back`() async throws {
    try await withTown(Self.plan) { town in
      let before = try await town.settle(Self.everybody)
      try await town.gt("daemon", "stop")
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.start()
      var after = try await town.settle(Self.everybody)
      #expect(after.removeValue(forKey: "gt-rig1-toast") != before["gt-rig1-toast"])
      #expect(after == before.filter { $0.key != "gt-rig1-toast" })
      let crash = try await town.event("crash_detected")
      #expect(crash.count == 1)
      #expect(crash[0]["GT_SESSION"] == "gt-rig1-toast")
      #expect(crash[0]["GT_EXIT_SIGNAL"] == "9")
    }
  }

  private func expectUntouched(_ town: TownUser, _ before: [String: Int32]) async throws {
    try await town.beat()
    #expect(try await town.agents() == before)
    #expect(try await town.panes().count == before.count)
    for event in ["crash_detected", "agent_restarted", "restart_failed", "agent_stopped"] {
      #expect(try await town.events(event).isEmpty, "\(event)")
    }
    // Each was told to begin once, however many daemons have seen it waiting.
    for session in before.keys {
      try await eventually("\(session) begins") { town.log(session).contains("told Begin.") }
      #expect(town.log(session).count { $0.hasPrefix("start") } == 1)
    }
  }
}
