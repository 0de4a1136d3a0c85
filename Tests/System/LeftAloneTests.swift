// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

@Suite("A polecat that need not run is left alone, and the rule is named", .requiresSystemd)
struct LeftAloneTests {
  private static let session = "gt-rig1-toast"
  private static let others: Set = ["gt-deacon", "gt-rig1-witness"]

  @Test(arguments: ["done", "nuked", "stopped", "dead"]) func `its bead says that it is over`(_ state: String)
    async throws
  {
    try await withTown { town in
      let pid = try #require(try await town.settle(Self.others.union([Self.session]))[Self.session])
      try await town.gt("agent", "set", "rig1/toast", "--state", state)
      try await expectLeft(town, killing: pid, because: "its bead says \(state)")
    }
  }

  @Test func `nothing is on its hook`() async throws {
    try await withTown { town in
      let pid = try #require(try await town.settle(Self.others.union([Self.session]))[Self.session])
      try await town.gt("agent", "set", "rig1/toast", "--hook", "none")
      try await expectLeft(town, killing: pid, because: "nothing on its hook")
    }
  }

  @Test func `the work on its hook is closed`() async throws {
    try await withTown(.init(usesBd: true)) { town in
      try await town.shell(
        """
        cd gt
        bd create --id=gt-task --title=task --type=task --json
        gt agent set rig1/toast --hook gt-task
        """)
      try await town.beat()
      let pid = try #require(try await town.settle(Self.others.union([Self.session]))[Self.session])
      try await town.shell("cd gt; bd close gt-task")
      try await expectLeft(town, killing: pid, because: "gt-task, is closed")
    }
  }

  @Test func `it is being spawned by somebody else since two minutes`() async throws {
    try await withTown(.init(working: [], usesBd: true)) { town in
      try await town.gt("agent", "set", "rig1/toast", "--state", "spawning", "--hook", "gt-x")
      try await town.age("gt-rig1-polecat-toast", by: 120)
      try await town.beat()
      try await town.settle(Self.others)
      let line = try await town.explanation(of: "rig1/toast")
      #expect(line.contains("wait") && line.contains("session health") && line.contains("spawning since"), "\(line)")
      #expect(try await town.check()["rig1/toast"]?.state == "idle")
      // Once its time is over it is started.
      try await town.age("gt-rig1-polecat-toast", by: 301)
      try await town.beat()
      try await town.settle(Self.others.union([Self.session]))
      #expect(try await town.events("crash_detected").isEmpty)
    }
  }

  @Test func `a person stopped it while the daemon was up`() async throws {
    try await withTown { town in
      try await town.settle(Self.others.union([Self.session]))
      try await town.gt("session", "stop", "rig1/toast", "--reason", "lunch")
      try await expectStopped(town)
      #expect(try await town.events("crash_detected").isEmpty)
      #expect(try await town.events("agent_stopped", session: Self.session).count == 1)
      // Also for the next daemon.
      try await town.systemctl("restart", "gastown-daemon")
      try await expectStopped(town)
      try await town.gt("session", "start", "rig1/toast")
      try await town.settle(Self.others.union([Self.session]))
      #expect(!town.exists("gt/daemon/holds/\(Self.session)"))
    }
  }

  @Test func `a person stopped it while the daemon was down`() async throws {
    try await withTown { town in
      let before = try await town.settle(Self.others.union([Self.session]))
      try await town.gt("daemon", "stop")
      try await town.gt("session", "stop", "rig1/toast", "--reason", "lunch")
      #expect(town.exists("gt/daemon/holds/\(Self.session)"))
      #expect(try await town.agents() == before.filter { $0.key != Self.session })
      try await town.start()
      try await expectStopped(town)
      #expect(try await town.events("crash_detected").isEmpty)
      #expect(try await town.agents() == before.filter { $0.key != Self.session })
    }
  }

  @Test func `its own name stands in a hold that a person wrote`() async throws {
    try await withTown(.init(isStarted: false)) { town in
      try await town.write(
        #"{"kind":"hold","who":"ann","when":"2026-01-01T00:00:00Z","why":"not today"}"#, to: "gt/daemon/holds/rig-rig1")
      try await town.start()
      // The rig's Witness is held as well.
      try await town.settle(["gt-deacon"])
      #expect(try await town.explanation(of: "rig1/toast").contains("ann"))
    }
  }

  private func expectStopped(_ town: TownUser) async throws {
    try await town.beat()
    try await town.settle(Self.others)
    let line = try await town.explanation(of: "rig1/toast")
    #expect(line.contains("leave") && line.contains("stopped by \(town.name)") && line.contains("lunch"), "\(line)")
    let check = try await town.check()
    #expect(check["rig1/toast"]?.state == "stopped")
    #expect(check["rig1/toast"]?.supervision == "stopped")
    #expect(check.stopped == 1)
    #expect(try await town.tryGT("session", "check").status == 0)
    #expect(try await town.processes(of: Self.session).isEmpty)
  }

  private func expectLeft(_ town: TownUser, killing pid: Int32, because reason: String) async throws {
    try await town.beat()
    try await town.kill(pid)
    try await town.beat()
    try await town.beat()
    try await town.settle(Self.others)
    #expect(try await town.events("agent_restarted").isEmpty)
    for line in [
      try await town.explanation(of: "rig1/toast"),
      try await town.shell("gastown-daemon --town gt --explain | grep '^rig1/toast '"),
    ] {
      #expect(line.contains("leave") && line.contains("session health") && line.contains(reason), "\(line)")
    }
    #expect(try await town.tryGT("session", "check").status == 0)
    #expect(try await town.check()["rig1/toast"]?.state == "idle")
  }
}

extension TownUser {
  /// Makes a bead of the stand-in's store that many seconds old.
  fileprivate func age(_ bead: String, by seconds: Int) async throws {
    let path = "gt/.beads/stand-in.json"
    let text = try #require(self.text(path))
    var database = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    var beads = try #require(database["beads"] as? [[String: Any]])
    let index = try #require(beads.firstIndex { $0["id"] as? String == bead })
    beads[index]["updatedAt"] = Date(timeIntervalSinceNow: -Double(seconds)).ISO8601Format()
    database["beads"] = beads
    let data = try JSONSerialization.data(withJSONObject: database)
    try await write(String(decoding: data, as: UTF8.self), to: path)
  }
}
