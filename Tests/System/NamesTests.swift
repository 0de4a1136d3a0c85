// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("Names", .requiresSystemd)
struct NamesTests {
  @Test func `a rig whose name begins with another's is never taken for it`() async throws {
    let plan = TownUser.Plan(polecats: ["rig-a/toast", "rig-a-b/toast", "my-rig/deep-fix"])
    try await withTown(plan) { town in
      let everybody: Set = [
        "gt-deacon", "gt-rig-a-witness", "gt-rig-a-b-witness", "gt-my-rig-witness", "gt-rig-a-toast",
        "gt-rig-a-b-toast",
        "gt-my-rig-deep-fix",
      ]
      var before = try await town.settle(everybody)
      for session in ["gt-rig-a-toast", "gt-rig-a-b-toast", "gt-my-rig-deep-fix"] {
        let pid = try #require(before[session])
        try await town.kill(pid)
        try await town.beat()
        let after = try await town.settle(everybody)
        #expect(after[session] != pid)
        #expect(after.filter { $0.key != session } == before.filter { $0.key != session })
        before = after
      }
      let check = try await town.check()
      #expect(check.alive == 3)
      #expect(check["my-rig/deep-fix"]?.session == "gt-my-rig-deep-fix")
      #expect(check["rig-a/toast"]?.session == "gt-rig-a-toast")
      #expect(check["rig-a-b/toast"]?.session == "gt-rig-a-b-toast")
      #expect(
        Set(try await town.events("crash_detected").compactMap { $0["GT_RIG"] }) == ["rig-a", "rig-a-b", "my-rig"])
      #expect(
        town.environment("gt-my-rig-deep-fix", pid: try #require(before["gt-my-rig-deep-fix"]))["GT_RIG"] == "my-rig")
      // A person's stop of the one is not the other's.
      try await town.gt("session", "stop", "rig-a/toast")
      try await town.gt("session", "stop", "rig-a/witness")
      #expect(try await town.agents() == before.filter { $0.key != "gt-rig-a-toast" && $0.key != "gt-rig-a-witness" })
    }
  }

  @Test func `a name that would be another agent's session is refused, with both named`() async throws {
    try await withTown(.init(polecats: ["my-rig/toast"], rigs: ["my"])) { town in
      let everybody: Set = ["gt-deacon", "gt-my-rig-witness", "gt-my-witness", "gt-my-rig-toast"]
      let before = try await town.settle(everybody)
      let refusal = try await town.tryGT("polecat", "add", "my/rig-toast")
      #expect(refusal.status == 1)
      #expect(refusal.errors.contains("my/polecats/rig-toast") && refusal.errors.contains("my-rig/polecats/toast"))
      #expect(refusal.errors.contains("gt-my-rig-toast"))
      #expect(!town.exists("gt/my/polecats/rig-toast"))

      // Made by other means, the newcomer is nobody, and the owner is what it was.
      try await town.shell("mkdir gt/my/polecats/rig-toast")
      try await town.beat()
      var check = try await town.check()
      #expect(check.checked == 2 && check.alive == 1 && check.unknown == 1)
      #expect(check["my-rig/toast"]?.pid == before["gt-my-rig-toast"])
      let stranger = try #require(check["my/rig-toast"])
      #expect(stranger.state == "unknown")
      #expect(stranger.reason?.contains("my-rig/") == true)
      #expect(try await town.tryGT("session", "check").status == 1)
      // The owner is still supervised.
      try await town.kill(try #require(before["gt-my-rig-toast"]))
      try await town.beat()
      let after = try await town.settle(everybody)
      #expect(after["gt-my-rig-toast"] != before["gt-my-rig-toast"])
      check = try await town.check()
      #expect(check["my-rig/toast"]?.state == "alive" && check["my/rig-toast"]?.state == "unknown")
      #expect(try await town.tryGT("session", "start", "my/rig-toast").status != 0)
      #expect(try await town.panes().count == everybody.count)
    }
  }

  @Test func `a directory whose name is a command is a name, and runs nothing`() async throws {
    try await withTown { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]
      let before = try await town.settle(everybody)
      let names = ["x; touch pwned", "$(touch pwned)", "`touch pwned`", "#{l:x}", "-rf", "a.b", "y:0"]
      for name in names { try await town.shell("mkdir -- \"gt/rig1/polecats/$1\"", name) }
      try await town.beat()
      let check = try await town.check()
      #expect(check.checked == 1 + names.count)
      #expect(check.unknown == names.count)
      #expect(Set(check.sessions.filter { $0.state == "unknown" }.map(\.polecat)) == Set(names))
      #expect(try await town.agents() == before)
      #expect(try await town.panes().count == 3)
      for name in names {
        #expect(try await town.tryGT("session", "start", "rig1/\(name)").status != 0)
        #expect(try await town.tryGT("polecat", "add", "rig1/\(name)").status == 64)
      }
      #expect(try await town.agents() == before)
      #expect(try await town.shell("find / -xdev -name pwned 2>/dev/null || :").isEmpty)
    }
  }

  @Test func `of a registry cut in half nothing is believed, and nobody is touched`() async throws {
    try await withTown(.init(polecats: ["rig1/toast", "rig2/ace"])) { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig2-witness", "gt-rig1-toast", "gt-rig2-ace"]
      let before = try await town.settle(everybody)
      let registry = try #require(town.text("gt/mayor/rigs.json"))
      try await town.write(String(registry.prefix(registry.count / 2)), to: "gt/mayor/rigs.json")
      let check = try await town.tryGT("session", "check")
      #expect(check.status == 69)
      #expect(check.errors.contains("\(town.town)/mayor/rigs.json"))
      #expect(check.output.isEmpty)
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.beat()
      try await town.beat()
      let expected = before.filter { $0.key != "gt-rig1-toast" }
      for (session, pid) in expected { #expect(try await town.run("kill", "-0", "\(pid)").status == 0, "\(session)") }
      #expect(try await town.processes(of: "gt-rig1-toast").isEmpty)
      let said = try await town.journal().filter { ($0["MESSAGE"] ?? "").contains("mayor/rigs.json") }
      #expect(!said.isEmpty)
      #expect(try await town.events("crash_detected").isEmpty)

      // Put right again, the death is seen and answered.
      try await town.write(registry, to: "gt/mayor/rigs.json")
      try await town.beat()
      let after = try await town.settle(everybody)
      #expect(after.filter { $0.key != "gt-rig1-toast" } == expected)
      #expect(try await town.events("crash_detected", session: "gt-rig1-toast").count == 1)
      // It was read, not written.
      #expect(town.text("gt/mayor/rigs.json") == registry)
    }
  }

  @Test func `a town with beads of bd and without bd is left as it is`() async throws {
    try await withTown(.init(polecats: ["rig1/toast", "rig1/nux"], usesBd: true)) { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast", "gt-rig1-nux"]
      let before = try await town.settle(everybody)
      try await town.shell("rm .local/bin/bd")
      try await town.systemctl("restart", "gastown-daemon")
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.kill(try #require(before["gt-deacon"]))
      try await town.beat()
      let check = try await town.tryGT("session", "check")
      #expect(check.status == 69)
      #expect(check.errors.contains("PATH") && check.errors.contains("bd"))
      #expect(check.output.isEmpty)
      try await town.beat()
      let after = try await town.agents()
      #expect(after["gt-rig1-toast"] == nil)
      #expect(after["gt-rig1-nux"] == before["gt-rig1-nux"])
      #expect(after["gt-deacon"] != nil && after["gt-deacon"] != before["gt-deacon"])
      #expect(try await town.events("agent_restarted", session: "gt-rig1-toast").isEmpty)
      #expect(try await town.events("store_unavailable").contains { ($0["MESSAGE"] ?? "").contains("PATH") })
      #expect(!town.exists("gt/daemon/beads.sqlite"))
    }
  }
}
