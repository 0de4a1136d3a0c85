// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("What systemd keeps for the next daemon", .requiresSystemd)
struct DescriptorStoreTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast", "gt-rig1-nux"]
  private static let plan = TownUser.Plan(polecats: ["rig1/toast", "rig1/nux"], dropIn: "RestartSec=10ms")

  @Test func `a death between two daemons is known from the stored descriptor, once`() async throws {
    var plan = Self.plan
    // Time enough for an agent to die in.
    plan.dropIn = "RestartSec=1500ms"
    try await withTown(plan) { town in
      let before = try await town.settle(Self.everybody)
      try await town.storeHolds(before.count + 1)
      #expect(try await town.property("FileDescriptorStoreMax") == "1024")
      let pid = try #require(before["gt-rig1-toast"])
      try await town.kill(try await town.mainPID())
      try await town.kill(pid)
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      let said = try await town.journal().filter { ($0["MESSAGE"] ?? "").contains("as its stored descriptor tells") }
      #expect(said.count == 1 && said[0]["MESSAGE"]?.contains("gt-rig1-toast (pid \(pid))") == true)
      let crash = try await town.events("crash_detected")
      #expect(crash.count == 1 && crash[0]["GT_SESSION"] == "gt-rig1-toast" && crash[0]["GT_PID"] == "\(pid)")
      var after = try await town.settle(Self.everybody)
      #expect(after.removeValue(forKey: "gt-rig1-toast") != pid)
      #expect(after == before.filter { $0.key != "gt-rig1-toast" })
      try await town.storeHolds(before.count + 1)
    }
  }

  @Test func `nothing piles up in the store`() async throws {
    try await withTown(Self.plan) { town in
      let before = try await town.settle(Self.everybody)
      try await town.storeHolds(before.count + 1)
      for round in 1...20 {
        if round.isMultiple(of: 2) {
          try await town.systemctl("restart", "gastown-daemon")
        } else {
          let main = try await town.mainPID()
          try await town.kill(main)
          try await eventually("the next daemon") {
            let next = try await town.mainPID()
            guard next != main, next > 0 else { return false }
            return try await town.property("ActiveState") == "active"
          }
        }
      }
      try await town.storeHolds(before.count + 1)
      #expect(try await town.agents() == before)
      #expect(try await town.events("crash_detected").isEmpty)
      // The control socket is told apart from what is stored.
      #expect(try await town.gt("daemon", "status", "--json").contains("\(try await town.mainPID())"))
      // Nor does one stay that has died, or that was stopped.
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.event("agent_restarted")
      try await town.storeHolds(before.count + 1)
      try await town.gt("session", "stop", "rig1/nux")
      try await town.storeHolds(before.count)
    }
  }
}

extension TownUser {
  /// Waits until the service manager keeps so many descriptors for the daemon.
  func storeHolds(_ count: Int) async throws {
    var last = ""
    do {
      try await eventually("\(count) stored descriptors", within: .seconds(10)) {
        last = try await property("NFileDescriptorStore")
        return last == "\(count)"
      }
    } catch let error as NotInTime {
      throw NotInTime(description: "\(error); there are \(last)")
    }
  }
}
