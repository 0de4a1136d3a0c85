// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("The service manager", .requiresSystemd)
struct ManagerTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]
  private static let units = [
    "app-gastown-agents.slice", "app-gastown-control.slice", "gastown-check.service", "gastown-check.timer",
    "gastown-daemon.service",
    "gastown-daemon.socket", "gastown-tmux.service",
  ]

  @Test func `takes the units without a word`() async throws {
    try await withTown { town in
      for unit in Self.units { #expect(try await town.property("LoadState", of: unit) == "loaded", "\(unit)") }
      // It succeeds over unknown settings: what it says counts.
      let verified = try await town.shell(
        "cd .config/systemd/user; systemd-analyze --user --man=no verify \(Self.units.joined(separator: " ")) 2>&1")
      let journal = try await town.shell("journalctl --user -t systemd -o cat --no-pager -p warning")
      for line in (verified + journal).split(separator: "\n") { #expect(!line.contains("gastown"), "\(line)") }
    }
  }

  @Test func `reloads settings that can be used, and keeps the old ones where they cannot`() async throws {
    try await withTown { town in
      let agents = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      let old = try #require(town.text("gt/mayor/daemon.json"))
      try await town.write(
        #"{"heartbeat": {"active": "3m"}, "# + old.dropFirst(), to: "gt/mayor/daemon.json")
      try await town.systemctl("reload", "gastown-daemon")
      // The reload has ended, so it is done: no waiting.
      #expect(try await town.events("settings_reloaded").count == 1)

      try await town.write(#"{"heartbeats": {}}"#, to: "gt/mayor/daemon.json")
      let refused = try await town.run("systemctl", "--user", "reload", "gastown-daemon")
      #expect(refused.status != 0)
      // By its name: the journal does not always know any more which unit a process that has ended was of.
      try await eventually("its word") {
        let said = try await town.shell("journalctl --user -t gastown-daemon -o cat --no-pager")
        return said.split(separator: "\n").contains { $0.contains("daemon.json") && $0.contains("heartbeats") }
      }
      #expect(try await town.events("settings_reloaded").count == 1)
      #expect(try await town.property("ActiveState") == "active")
      #expect(try await town.mainPID() == main)
      // gt itself goes by the file.
      try await town.write(old, to: "gt/mayor/daemon.json")
      try await town.beat()
      #expect(try await town.agents() == agents)
    }
  }

  @Test func `never waits longer than a second with a next try`() async throws {
    try await withTown(.init(polecats: [], isStarted: false)) { town in
      for (unit, first) in [("gastown-daemon.service", "1s"), ("gastown-tmux.service", "500ms")] {
        #expect(try await town.property("RestartUSec", of: unit) == first)
        // Where it is known.
        let steps = try await town.property("RestartSteps", of: unit)
        #expect(steps == "" || steps == "0", "\(unit): \(steps)")
      }
    }
  }

  @Test func `the journal explains an event with what the catalog says of it`() async throws {
    let catalog = "/usr/lib/systemd/catalog/gastown.catalog"
    try await withTown { town in
      let agents = try await town.settle(Self.everybody)
      try await town.systemd.root(
        ["sh", "-c", "cat >\(catalog) && journalctl --update-catalog"],
        input: PrivateSystemd.source("systemd/gastown.catalog")
      ).check()
      try await town.kill(try #require(agents["gt-rig1-toast"]))
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      let text = try await town.shell("journalctl --user -x -o short --no-pager GT_SESSION=gt-rig1-toast")
      #expect(text.contains("Subject: Agent rig1/toast died"))
      #expect(text.contains("ran in the tmux session gt-rig1-toast and has died: killed by signal 9"))
      #expect(text.contains("gt session crashes rig1/toast"))
    }
  }
}
