// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import TestSupport
import Testing

@Suite("Control groups of agents", .requiresSystemd)
struct ScopeTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]

  @Test func `each agent is in a scope of its own, with the limits of its role`() async throws {
    let plan = TownUser.Plan(settings: #""restart": {"stagger": "0ms"}"#, prepare: limits)
    try await withTown(plan) { town in
      let agents = try await town.settle(Self.everybody)
      var groups: Set<String> = []
      for (session, pid) in agents {
        let scope = try await town.scope(of: pid)
        #expect(scope.path.contains("/app-gastown-agents.slice/gastown-agent-\(session)-\(pid)-"))
        groups.insert(scope.path)
        // What it starts is in it, and what it was started with says nothing of systemd's.
        let child = try await town.child(of: session, "sleep 1000")
        #expect(try await town.scope(of: child).path == scope.path)
        let environment = town.environment(session, pid: pid)
        #expect(environment["GT_SESSION"] == session)
        for name in ["INVOCATION_ID", "NOTIFY_SOCKET", "LISTEN_FDS", "WATCHDOG_USEC", "JOURNAL_STREAM", "MANAGERPID"] {
          #expect(environment[name] == nil, "\(name)")
        }
      }
      #expect(groups.count == agents.count)
      let toast = try await town.scope(of: try #require(agents["gt-rig1-toast"]))
      #expect(try await town.property("MemoryMax", of: toast.unit) == "\(1 << 30)")
      #expect(try await town.property("TasksMax", of: toast.unit) == "123")
      #expect(try await town.property("OOMPolicy", of: toast.unit) == "continue")
      #expect(try await town.property("Before", of: toast.unit).contains("gastown-daemon.service"))
      let deacon = try await town.scope(of: try #require(agents["gt-deacon"]))
      #expect(try await town.property("MemoryMax", of: deacon.unit) == "infinity")

      // Other limits hold for those who live, after a reload.
      try await town.shell(#"sed -i s/123/234/ gt/mayor/daemon.json; systemctl --user reload gastown-daemon"#)
      try await eventually("the new limit") { try await town.property("TasksMax", of: toast.unit) == "234" }
      #expect(try await town.agents() == agents)
      // What is taken away is lifted: by a reload, and by another daemon.
      try await town.shell(
        #"sed -i 's/, *"tasks_max": 234//' gt/mayor/daemon.json; systemctl --user reload gastown-daemon"#)
      try await eventually("no limit") { try await town.property("TasksMax", of: toast.unit) == "infinity" }
      #expect(try await town.property("MemoryMax", of: toast.unit) == "\(1 << 30)")
      try await town.shell(#"sed -i 's/"memory_max": "1G"/"tasks_max": 345/' gt/mayor/daemon.json"#)
      // Another daemon finds them where they are.
      try await town.systemctl("restart", "gastown-daemon")
      try await eventually("other limits") { try await town.property("TasksMax", of: toast.unit) == "345" }
      #expect(try await town.property("MemoryMax", of: toast.unit) == "infinity")
      try await town.beat()
      for (_, pid) in agents { #expect(groups.contains(try await town.scope(of: pid).path)) }
      #expect(try await town.tryGT("doctor").output.contains("3 in control groups of their own"))
    }
  }

  private let limits = """
    cat >gt/mayor/limits <<'JSON'
    {"agents": {"default": {"command": ["HOME/bin/agent"]}, "polecat": {"memory_max": "1G", "tasks_max": 123}}}
    JSON
    sed "s|HOME|$HOME|" gt/mayor/limits >gt/mayor/daemon.json; rm gt/mayor/limits
    """

  @Test(.requiresMemoryController) func `the kernel has the limits, and an end for want of memory is known as one`()
    async throws
  {
    try await withTown(.init(prepare: limits.replacing("1G", with: "64M"))) { town in
      let agents = try await town.settle(Self.everybody)
      let pid = try #require(agents["gt-rig1-toast"])
      let scope = try await town.scope(of: pid)
      #expect(try await town.shell("cat /sys/fs/cgroup$1/memory.max", scope.path) == "\(64 << 20)\n")
      #expect(try await town.shell("cat /sys/fs/cgroup$1/pids.max", scope.path) == "123\n")
      // The agent itself uses it all up.
      try await town.tell("gt-rig1-toast", "run x=$(head -c 200M /dev/zero | tr '\\0' x)")
      let crash = try #require(try await town.event("crash_detected", session: "gt-rig1-toast").first)
      try await eventually("the capsule") {
        town.text("gt/daemon/crashes/\(crash["GT_CAPSULE"] ?? "").json")?.contains(#""killed_by":"oom_killer""#) == true
      }
    }
  }

  @Test func `what systemd says of memory that ran out is in the capsule`() async throws {
    try await withTown { town in
      let agents = try await town.settle(Self.everybody)
      let pid = try #require(agents["gt-rig1-toast"])
      let scope = try await town.scope(of: pid)
      // As systemd has it, when memory.events of a unit has counted a kill.
      func entry(_ unit: String) -> String {
        """
        MESSAGE=\(unit): A process of this unit has been killed by the OOM killer.
        MESSAGE_ID=fe6faa94e7774663a0da52717891d8ef
        USER_UNIT=\(unit)

        """
      }
      // As the manager writes it, from its own control group.
      let asManager = #"""
        uid=$(id -u "$1")
        echo $$ >"/sys/fs/cgroup$(systemctl show --value -p ControlGroup "user@$uid")/init.scope/cgroup.procs"
        entry=$(cat)
        # journald asks for the sender's group when it reads an entry: the sender may have ended by then.
        for try in $(seq 50); do
          printf '%s\n\n' "$entry" | setpriv --reuid "$uid" --regid "$uid" --clear-groups logger --journald
          journalctl --sync
          [ -z "$(journalctl -q -o cat MESSAGE_ID=fe6faa94e7774663a0da52717891d8ef _SYSTEMD_USER_UNIT=init.scope \
            "USER_UNIT=$2")" ] || exit 0
        done
        exit 1
        """#
      try await town.systemd.root(["sh", "-ec", asManager, "sh", town.name, scope.unit], input: entry(scope.unit))
        .check()
      try await town.kill(pid)
      let crash = try #require(try await town.event("crash_detected", session: "gt-rig1-toast").first)
      let capsule = "gt/daemon/crashes/\(crash["GT_CAPSULE"] ?? "").json"
      try await eventually("the capsule") { words(town.text(capsule)).contains(#""killed_by":"oom_killer""#) }
      #expect(try await town.gt("session", "crash", crash["GT_CAPSULE"] ?? "").contains("OOM killer"))
      // Another death by the same signal is nobody's memory.
      let next = try await town.settle(Self.everybody)
      // Nor is what another process claims in the manager's words.
      let nextPID = try #require(next["gt-rig1-toast"])
      try await town.run("logger", "--journald", input: entry(try await town.scope(of: nextPID).unit)).check()
      try await town.kill(nextPID)
      let second = try #require(try await town.event("crash_detected", session: "gt-rig1-toast", count: 2).last)
      try await eventually("the second capsule") {
        words(town.text("gt/daemon/crashes/\(second["GT_CAPSULE"] ?? "").json")).contains(#""killed_by":"unknown""#)
      }
    }
  }

  private func words(_ text: String?) -> String { (text ?? "").filter { !$0.isWhitespace } }

  @Test func `nothing that a dead agent has started is left when its successor starts`() async throws {
    try await withTown { town in
      let agents = try await town.settle(Self.everybody)
      let pid = try #require(agents["gt-rig1-toast"])
      _ = try await town.scope(of: pid)
      // Ignores what it is sent, and has left its session and its parents.
      let left = try await town.child(
        of: "gt-rig1-toast", "setsid bash -c 'trap \"\" HUP TERM INT; sleep 1000 & wait; wait; sleep 1000'")
      #expect(try await town.scope(of: left).path == (try await town.scope(of: pid).path))
      // A living agent's are not touched by anybody else's death.
      let other = try await town.child(of: "gt-deacon", "setsid sleep 1000")
      try await town.kill(pid)
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      #expect(try await town.run("kill", "-0", "\(left)").status != 0)
      #expect(try await town.run("kill", "-0", "\(other)").status == 0)
      let said = try await town.journal().contains { ($0["MESSAGE"] ?? "").contains("had left") }
      #expect(said)
      // Nor is anything left of one that a person stops.
      let again = try await town.child(
        of: "gt-rig1-toast", "setsid bash -c 'trap \"\" HUP TERM; sleep 1000; sleep 1000'")
      try await town.gt("session", "stop", "rig1/toast")
      try await eventually("the end of what it had left") { try await town.run("kill", "-0", "\(again)").status != 0 }
      try await eventually("no scope of it") {
        try await !town.systemctl("list-units", "--type=scope", "--all").contains("rig1-toast")
      }
      #expect(try await town.run("kill", "-0", "\(other)").status == 0)
    }
  }

  @Test func `from the scopes that tmux makes for its panes agents are moved into their own`() async throws {
    // As tmux from 3.4 to 3.5 does it: somewhat later than the agent's start, whatever has happened meanwhile.
    let plan = TownUser.Plan(
      agent: "~/bin/paned",
      prepare: """
        cat >bin/paned <<'SH'
        #!/bin/sh
        sleep 2
        exec systemd-run --user --scope --quiet --unit=tmux-spawn-late-$(cat /proc/sys/kernel/random/uuid).scope \
          --slice=app-tmux.slice $HOME/bin/agent
        SH
        chmod +x bin/paned
        """)
    try await withTown(plan) { town in
      let agents = try await town.settle(Self.everybody)
      for (session, pid) in agents {
        // It begins where systemd-run has put it.
        try await eventually("the start of \(session)") { town.log(session).contains { $0.hasPrefix("start \(pid) ") } }
      }
      for (session, pid) in agents {
        try await eventually("a scope of its own of \(session)", every: .milliseconds(100)) {
          try await town.beat()
          return try await town.group(of: pid).contains("/gastown-agent-\(session)-")
        }
        let unit = try await town.scope(of: pid).unit
        #expect(try await town.property("OOMPolicy", of: unit) == "continue")
      }
      // Nothing was left in tmux's.
      try await eventually("their end") {
        try await !town.systemctl("list-units", "--type=scope", "--all").contains("tmux-spawn-late-")
      }
      #expect(try await town.agents() == agents)
      #expect(try await town.gt("session", "freeze", "rig1/toast").contains("is frozen"))
      #expect(try await town.gt("session", "thaw", "rig1/toast").contains("is thawed"))
    }
  }
}

extension TownUser {
  /// The control group of a process.
  func group(of pid: Int32) async throws -> String {
    try await shell("sed -n 's/^0:://p' /proc/$1/cgroup", "\(pid)").filter { $0 != "\n" }
  }

  /// The scope that the daemon has made for an agent, as soon as it has.
  func scope(of pid: Int32) async throws -> (unit: String, path: String) {
    let path = try await eventually("a scope of pid \(pid)", every: .milliseconds(50)) {
      let path = try await group(of: pid)
      return path.contains("/gastown-agent-") ? path : nil
    }
    return (path.split(separator: "/").last.map(String.init) ?? "", path)
  }

  /// Types a line into an agent's pane, once it has been told to begin: two hands on one keyboard are one too many.
  func tell(_ session: String, _ line: String) async throws {
    try await eventually("\(session) begins") {
      let log = log(session)
      return log.last { $0.hasPrefix("start ") || $0 == "told Begin." } == "told Begin."
    }
    try await shell(
      "tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock send-keys -t \"=$1:\" -l \"$2\" \\; send-keys -t \"=$1:\" Enter",
      session, line)
  }

  /// Has an agent start something in the background. Returns its pid.
  func child(of session: String, _ command: String) async throws -> Int32 {
    let file = "child-\(session)-\(UInt32.random(in: 0...UInt32.max))"
    try await tell(
      session,
      "run \(command) </dev/null >/dev/null 2>&1 & echo $! >$HOME/\(file).part; mv $HOME/\(file).part $HOME/\(file)")
    return try await eventually("a child of \(session)") {
      text(file).flatMap { Int32($0.filter(\.isNumber)) }
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips where the kernel's unified hierarchy has no memory controller to give.
  static var requiresMemoryController: Self {
    let controllers =
      ["/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/unified/cgroup.controllers"]
      .compactMap { TestFile.text($0) }.first ?? ""
    return .enabled(
      if: controllers.split(whereSeparator: \.isWhitespace).contains("memory"),
      "cgroup v2 of this machine has no memory controller: it has '\(controllers.filter { $0 != "\n" })'")
  }
}
