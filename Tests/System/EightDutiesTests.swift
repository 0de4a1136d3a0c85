// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("One town goes through all eight duties", .requiresSystemd)
struct EightDutiesTests {
  @Test(arguments: [false, true]) func `from what was written to what was done`(usesBd: Bool) async throws {
    let plan = TownUser.Plan(
      polecats: ["rig1/toast", "rig1/stuck", "rig1/gone", "rig1/fresh"], working: ["rig1/toast", "rig1/stuck"],
      settings: #""checks": {"stale": "1s", "gupp": "2s"}"#, usesBd: usesBd)
    try await withTown(plan) { town in
      // 1 and 2: the Deacon and the Witness live, though nobody has asked for them.
      let before = try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast", "gt-rig1-stuck"])

      // 3: a polecat that somebody else has started, and announced.
      try await town.shell(
        """
        tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock new-session -d -s gt-rig1-fresh -c "$PWD/gt/rig1/polecats/fresh" \
          -e GT_SESSION=gt-rig1-fresh -e GT_TOWN_ROOT="$PWD/gt" "$HOME/bin/agent"
        """)
      try await town.send(
        as: "rig1/fresh", subject: "POLECAT_STARTED rig1/fresh", body: "Session: gt-rig1-fresh\nIssue: gt-new")
      try await town.event("spawn_triggered", session: "gt-rig1-fresh")
      try await eventually("it begins") { town.log("gt-rig1-fresh").contains("told Begin.") }
      #expect(town.text("gt/spawn/pending.json")?.filter { !$0.isWhitespace } == "[]")

      // 4: a polecat asks for its own restart.
      try await town.ask("cycle", of: "rig1/toast")
      try await town.event("lifecycle_executed", session: "gt-rig1-toast")
      #expect(try await town.agents()["gt-rig1-toast"] != before["gt-rig1-toast"])

      // 5: a Refinery that says it runs, and runs nowhere.
      try await town.gt("agent", "set", "rig1/refinery", "--state", "running")
      // 7: a polecat that is marked dead with work on its hook.
      try await town.gt("agent", "set", "rig1/gone", "--state", "dead", "--hook", "gt-lost")
      try await eventually("the Refinery is marked", within: .seconds(30), every: .milliseconds(300)) {
        try await town.beat()
        return try await town.events("stale_agent", session: "gt-rig1-refinery").isEmpty == false
      }
      #expect(try await town.gt("agent", "show", "rig1/refinery").contains("dead"))
      try await town.event("orphaned_work", session: "gt-rig1-gone")

      // 6: one that has work, runs, and has not moved for long.
      try await town.event("gupp_violation", session: "gt-rig1-stuck")

      // 8: one that dies is back.
      let stuck = try #require(before["gt-rig1-stuck"])
      #expect(try await town.agents()["gt-rig1-stuck"] == stuck)
      try await town.kill(stuck)
      try await town.event("agent_restarted", session: "gt-rig1-stuck")

      // Everything was told once, to whom it concerns, however often the daemon looks or is started anew.
      for _ in 0..<2 { try await town.beat() }
      try await town.systemctl("restart", "gastown-daemon")
      try await town.beat()
      let told = try await town.subjects(for: "rig1/witness").map { $0.prefix { $0 != ":" } }
      #expect(told.count { $0 == "ORPHANED_WORK" } == 1, "\(told)")
      let orphans = try await town.events("orphaned_work", session: "gt-rig1-gone")
      let executed = try await town.events("lifecycle_executed")
      let stale = try await town.events("stale_agent", session: "gt-rig1-refinery")
      #expect(orphans.count == 1 && executed.count == 1 && stale.count == 1)
      // Three have work, run, and have changed nothing: each is told of once, or anew after its restart.
      let violations = try await town.events("gupp_violation")
      #expect(violations.count { $0["GT_AGENT"] == "rig1/stuck" } <= 2, "\(violations.map { $0["MESSAGE"] })")
      #expect(told.count { $0 == "GUPP_VIOLATION" } == violations.count, "\(told)")
      #expect(
        try await town.agents().keys.sorted()
          == ["gt-deacon", "gt-rig1-fresh", "gt-rig1-stuck", "gt-rig1-toast", "gt-rig1-witness"])
      #expect(try await town.subjects(for: "deacon/") == [])
    }
  }
}
