// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("What an agent has started belongs to it, and nothing else does", .requiresSystemd)
struct BelongingsTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]

  /// An agent that leaves a child in a session of its own in its first milliseconds.
  private static let early = TownUser.Plan(
    settings: #""restart": {"stagger": "0ms"}"#, agent: "~/bin/early",
    prepare: """
      cat >bin/early <<'SH'
      #!/bin/sh
      setsid -f sh -c 'echo $$ >>$HOME/early-$GT_SESSION; exec sleep 100000' </dev/null >/dev/null 2>&1
      exec $HOME/bin/agent
      SH
      chmod +x bin/early
      """)

  private func early(_ town: TownUser, count: Int) async throws -> [Int32] {
    try await eventually("\(count) early children") {
      let pids = (town.text("early-gt-rig1-toast") ?? "").split(separator: "\n").compactMap { Int32($0) }
      return pids.count >= count ? pids : nil
    }
  }

  private func isAlive(_ pid: Int32, _ town: TownUser) async throws -> Bool {
    try await town.run("kill", "-0", "\(pid)").status == 0
  }

  @Test func `a child of the first milliseconds is born in the agent's group, and ends with the agent`() async throws {
    try await withTown(Self.early) { town in
      let agents = try await town.settle(Self.everybody)
      let pid = try #require(agents["gt-rig1-toast"])
      let first = try #require(try await early(town, count: 1).first)
      // Not only moved there later: nothing has seen it elsewhere.
      #expect(try await town.group(of: first) == (try await town.scope(of: pid).path))
      // The gate has become the agent's command, as the same process.
      #expect(try await town.shell("tr '\\0' ' ' </proc/$1/cmdline", "\(pid)").contains("gastown-gate") == false)
      try await town.kill(pid)
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      #expect(try await !isAlive(first, town))
      let second = try await early(town, count: 2)[1]
      #expect(try await isAlive(second, town))
      try await town.gt("session", "stop", "rig1/toast")
      #expect(try await !isAlive(second, town), "when it is told to be stopped nothing is at work")
    }
  }

  @Test func `an agent without its scope runs after two seconds, and that is said`() async throws {
    // A unit of the scopes' prefix cannot be made: systemd refuses what the drop-in says.
    let plan = TownUser.Plan(
      agent: "~/bin/early",
      prepare: Self.early.prepare
        + "\nmkdir -p .config/systemd/user/gastown-agent-.scope.d\n"
        + "printf '[Unit]\\nAssertPathExists=/nonexistent\\n' >.config/systemd/user/gastown-agent-.scope.d/never.conf")
    try await withTown(plan) { town in
      let agents = try await town.settle(Self.everybody)
      let pid = try #require(agents["gt-rig1-toast"])
      try await eventually("its start") { town.log("gt-rig1-toast").contains { $0.hasPrefix("start \(pid) ") } }
      let started = try #require(try await town.event("agent_started", session: "gt-rig1-toast").first)
      #expect(started["MESSAGE"]?.contains("outside of a control group of its own") == true)
      #expect(try await town.gt("why", "rig1/toast").contains("outside of a control group of its own"))
      // What it has started is found all the same.
      let first = try #require(try await early(town, count: 1).first)
      try await town.kill(pid)
      _ = try await early(town, count: 2)
      #expect(try await !isAlive(first, town))
    }
  }

  @Test func `a server that others use outlives the agent and the daemon that have started it`() async throws {
    let plan = TownUser.Plan(
      usesBd: true,
      prepare: """
        cat >bin/dolt <<'SH'
        #!/bin/sh
        sleep 100000
        SH
        chmod +x bin/dolt
        rm .local/bin/bd
        cat >.local/bin/bd <<'SH'
        #!/bin/sh
        kill -0 $(cat $HOME/server.pid 2>/dev/null) 2>/dev/null || {
          setsid sleep 100000 </dev/null >/dev/null 2>&1 &
          echo $! >$HOME/server.pid
        }
        exec /opt/gastown/bin/bd-stand-in "$@"
        SH
        chmod +x .local/bin/bd
        kill -9 $(cat server.pid 2>/dev/null) 2>/dev/null || :
        """)
    try await withTown(plan) { town in
      let agents = try await town.settle(Self.everybody)
      // What a command of the daemon leaves running, whatever it is.
      let server = try await eventually("a server of the daemon's bd") {
        let pid = town.text("server.pid").flatMap { Int32($0.filter(\.isNumber)) }
        guard let pid, try await isAlive(pid, town) else { return nil as Int32? }
        return try await town.group(of: pid).contains("/gastown-left-") ? pid : nil
      }
      try await town.systemctl("restart", "gastown-daemon")
      try await town.kill(try await town.mainPID())
      try await eventually("the next daemon") { try await town.property("ActiveState") == "active" }
      #expect(try await isAlive(server, town))

      let pid = try #require(agents["gt-rig1-toast"])
      let dolt = try await town.child(of: "gt-rig1-toast", "setsid $HOME/bin/dolt sql-server")
      let worker = try await town.child(of: "gt-rig1-toast", "setsid sleep 100000")
      #expect(try await town.group(of: dolt) == (try await town.scope(of: pid).path))
      try await town.kill(pid)
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      #expect(try await isAlive(dolt, town))
      #expect(try await !isAlive(worker, town))
      let named = try await town.journal().contains {
        ($0["MESSAGE"] ?? "").contains("pid \(dolt)") && ($0["MESSAGE"] ?? "").contains("others use it")
      }
      #expect(named)
    }
  }

  @Test func `who was moved into another agent's group is neither frozen with it nor ended with it`() async throws {
    try await withTown { town in
      let agents = try await town.settle(Self.everybody)
      let toast = try #require(agents["gt-rig1-toast"])
      let deacon = try #require(agents["gt-deacon"])
      let group = try await town.scope(of: toast).path
      let own = try await town.scope(of: deacon).path
      let guest = try await town.child(of: "gt-deacon", "setsid sleep 100000")
      try await town.shell("echo $2 >/sys/fs/cgroup$1/cgroup.procs", group, "\(guest)")
      // Something of another agent.
      let refused = try await town.tryGT("session", "freeze", "rig1/toast")
      #expect(refused.status != 0 && refused.errors.contains("pid \(guest)"))
      #expect(try await town.shell("cat /sys/fs/cgroup$1/cgroup.events", group).contains("frozen 0"))
      // Another agent itself, and a person's pane.
      try await town.shell("echo $2 >/sys/fs/cgroup$1/cgroup.procs", own, "\(guest)")
      try await town.shell("echo $2 >/sys/fs/cgroup$1/cgroup.procs", group, "\(deacon)")
      let named = try await town.tryGT("session", "freeze", "rig1/toast")
      #expect(named.status != 0 && named.errors.contains("gt-deacon"))
      // The end of its host is not its own end.
      try await town.kill(toast)
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      #expect(try await isAlive(deacon, town))
      #expect(try await town.agents()["gt-deacon"] == deacon)
      // It gets a group of its own again.
      try await eventually("a group of its own", every: .milliseconds(100)) {
        try await town.beat()
        return try await town.group(of: deacon).contains("/gastown-agent-gt-deacon-")
      }
    }
  }

  @Test func `the tmux server and the daemon are not in the slice that is slowed down`() async throws {
    try await withTown { town in
      let agents = try await town.settle(Self.everybody)
      for unit in ["gastown-tmux.service", "gastown-daemon.service"] {
        let pid = try await town.mainPID(of: unit)
        #expect(try await town.group(of: pid).contains("/app-gastown-control.slice/\(unit)"))
        #expect(try await town.property("ManagedOOMPreference", of: unit) == "omit")
      }
      for (_, pid) in agents {
        #expect(try await town.scope(of: pid).path.contains("/app-gastown-agents.slice/"))
      }
      let text = try await town.shell("cat .config/systemd/user/app-gastown-agents.slice")
      #expect(text.contains("\nMemoryMax=90%\n") && text.contains("\nMemoryHigh=80%\n"))
      #expect(try await town.tryGT("doctor").output.contains("its tmux server is still in") == false)
    }
  }
}
