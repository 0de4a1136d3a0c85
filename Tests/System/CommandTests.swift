// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("Commands", .requiresSystemd)
struct CommandTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]
  private static let session = "gt-rig1-toast"

  @Test func `a second supervisor is refused, and says who has the town`() async throws {
    try await withTown { town in
      let before = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      let second = try await town.run("gastown-daemon", "--town", "gt", deadline: .seconds(30))
      #expect(second.status == 78)
      #expect(second.errors.contains("\(town.town)/daemon/lock") && second.errors.contains("pid \(main)"))
      #expect(try await town.mainPID() == main)
      #expect(try await town.agents() == before)
      let status = try await town.gt("daemon", "status", "--json")
      #expect(status.contains(#""running" : true"#))
    }
  }

  @Test func `one beat by hand is the running daemon's, and without one its own`() async throws {
    try await withTown { town in
      try await town.settle(Self.everybody)
      let asked = try await town.run("gastown-daemon", "--town", "gt", "--once").check()
      #expect(asked.output.contains("of the running daemon"))
      try await town.gt("daemon", "stop")
      let before = try await town.agents()
      try await town.kill(try #require(before[Self.session]))
      let alone = try await town.run("gastown-daemon", "--town", "gt", "--once").check()
      #expect(!alone.output.contains("of the running daemon"))
      let after = try await town.settle(Self.everybody)
      #expect(after[Self.session] != before[Self.session])
      #expect(after["gt-deacon"] == before["gt-deacon"])
      #expect(alone.errors.contains("killed by signal 9"))
      #expect(try await town.property("ActiveState") == "inactive")
      // The next daemon takes this for what it is.
      try await town.start()
      #expect(try await town.agents() == after)
      #expect(try await town.events("crash_detected").isEmpty)
    }
  }

  @Test func `a stopped daemon stays stopped, and reading does not wake it`() async throws {
    try await withTown { town in
      let before = try await town.settle(Self.everybody)
      try await town.gt("daemon", "stop")
      #expect(try await town.property("ActiveState") == "inactive")
      #expect(try await town.property("ActiveState", of: "gastown-daemon.socket") == "inactive")
      let status = try await town.tryGT("daemon", "status")
      #expect(status.status == 3)
      #expect(status.output.contains("gt daemon start"))
      let json = try await town.tryGT("daemon", "status", "--json")
      #expect(json.status == 3 && json.output.contains(#""running" : false"#))
      for words in [
        ["session", "check"], ["session", "list"], ["agent", "list"], ["polecat", "list"], ["daemon", "explain"],
      ] {
        #expect(try await town.run("gt", words[0], words[1]).status == 0, "\(words)")
      }
      #expect(try await town.property("ActiveState") == "inactive")
      #expect(try await town.agents() == before)
      #expect(town.text("gt/daemon/state.json")?.filter { !$0.isWhitespace }.contains(#""running":false"#) == true)
      try await town.gt("daemon", "start")
      #expect(try await town.property("ActiveState") == "active")
      #expect(try await town.property("ActiveState", of: "gastown-daemon.socket") == "active")
      try await town.beat()
      #expect(try await town.agents() == before)
      #expect(try await town.events("crash_detected").isEmpty)
    }
  }

  @Test func `a beat wakes a daemon whose socket waits`() async throws {
    try await withTown(.init(isStarted: false)) { town in
      try await town.systemctl("start", "gastown-daemon.socket")
      #expect(try await town.tryGT("daemon", "status").status == 3)
      #expect(try await town.property("ActiveState") == "inactive")
      try await town.beat()
      #expect(try await town.property("ActiveState") == "active")
      try await town.settle(Self.everybody)
    }
  }

  @Test func `the truth is told with the daemon down, with what to type`() async throws {
    let plan = TownUser.Plan(polecats: ["rig1/toast", "rig1/nux", "rig2/ace"], working: ["rig1/toast", "rig2/ace"])
    try await withTown(plan) { town in
      let agents = try await town.settle([
        "gt-deacon", "gt-rig1-witness", "gt-rig2-witness", "gt-rig1-toast", "gt-rig2-ace",
      ])
      try await town.gt("daemon", "stop")
      #expect(try await town.tryGT("session", "check").status == 0)
      try await town.kill(try #require(agents["gt-rig1-toast"]))
      try await eventually("the death is seen") { try await town.tryGT("session", "check").status == 1 }
      let text = try await town.tryGT("session", "check").output
      #expect(text.contains("gt session start rig1/toast"))
      #expect(text.contains("3 polecats: 1 alive, 1 crashed, 1 idle"))
      let check = try await town.check()
      #expect(check.town == town.town)
      #expect(check.checked == 3 && check.alive == 1 && check.crashed == 1 && check.idle == 1)
      #expect(check.dead_shell == 0 && check.stopped == 0 && check.unknown == 0)
      let toast = try #require(check["rig1/toast"])
      #expect(toast.state == "crashed" && toast.hook_bead == "gt-work-toast" && toast.pid == nil)
      #expect(toast.reason?.contains("signal 9") == true)
      #expect(check["rig1/nux"]?.state == "idle" && check["rig1/nux"]?.session == "gt-rig1-nux")
      #expect(check["rig2/ace"]?.pid == agents["gt-rig2-ace"])
      #expect(try await town.tryGT("session", "check", "rig2").status == 0)
      #expect(try await town.tryGT("session", "check", "rig3").status == 64)
      // What it says to type works.
      try await town.gt("session", "start", "rig1/toast")
      #expect(try await town.tryGT("session", "check").status == 0)
    }
  }

  @Test func `sessions are started, stopped and restarted, with the daemon up and down`() async throws {
    try await withTown(.init(polecats: ["rig1/toast", "rig1/nux"], working: ["rig1/toast"])) { town in
      var last = try #require(try await town.settle(Self.everybody)[Self.session])
      for isUp in [true, false] {
        if !isUp { try await town.gt("daemon", "stop") }
        func only() async throws -> Int32 {
          let found = try await town.processes(of: Self.session)
          #expect(found.count == 1)
          return found.first ?? -1
        }
        try await town.gt("session", "restart", "rig1/toast")
        let restarted = try await only()
        #expect(restarted != last)
        #expect(try await town.gt("session", "start", "rig1/toast").contains("running already (pid \(restarted))"))
        #expect(try await only() == restarted)
        try await town.gt("session", "stop", "rig1/toast")
        #expect(try await town.processes(of: Self.session).isEmpty)
        #expect(try await town.panes().allSatisfy { !$0.hasPrefix("\(Self.session) ") })
        // A stop of what is stopped is as it should be.
        try await town.gt("session", "stop", "rig1/toast")
        try await town.gt("session", "start", "rig1/toast")
        last = try await only()
        // One that has no work is started all the same, when a person wants it.
        try await town.gt("session", "start", "rig1/nux")
        #expect(try await town.roots(of: "gt-rig1-nux").count == 1)
        try await town.gt("session", "stop", "rig1/nux")
      }
      #expect(try await town.tryGT("session", "start", "rig1/nobody").status == 64)
      #expect(try await town.tryGT("session", "start", "nowhere/toast").status == 64)
      try await town.start()
      #expect(try await town.settle(Self.everybody)[Self.session] == last)
      #expect(try await town.events("crash_detected").isEmpty)
    }
  }

  @Test func `two starts at once make one agent`() async throws {
    try await withTown { town in
      try await town.settle(Self.everybody)
      for isUp in [true, false] {
        if !isUp { try await town.gt("daemon", "stop") }
        try await town.gt("session", "stop", "rig1/toast")
        try await town.shell(
          "for i in 1 2 3 4 5; do gt session start rig1/toast >start.$i 2>&1 & done; wait; cat start.*")
        #expect(try await town.roots(of: Self.session).count == 1)
        #expect(try await town.panes().count == 3)
      }
    }
  }

  @Test func `a polecat is removed only when nothing is lost`() async throws {
    let rig = """
      mkdir origin; git -C origin init -q -b main
      git -C origin -c user.name=a -c user.email=a@b commit -q --allow-empty -m one
      gt rig add rig2 --git $HOME/origin
      gt polecat add rig2/ace
      """
    try await withTown(.init(prepare: rig)) { town in
      let agents = try await town.settle(Self.everybody.union(["gt-rig2-witness"]))
      let running = try await town.tryGT("polecat", "remove", "rig1/toast")
      #expect(running.status == 1)
      #expect(
        running.errors.contains("gt session stop rig1/toast") && running.errors.contains("\(agents[Self.session] ?? 0)")
      )

      let worktree = "gt/rig2/polecats/ace"
      try await town.shell("echo new >\(worktree)/file")
      let dirty = try await town.tryGT("polecat", "remove", "rig2/ace")
      #expect(dirty.status == 1 && dirty.errors.contains("not committed") && dirty.errors.contains("--force"))
      try await town.shell(
        "cd \(worktree); git add file; git -c user.name=a -c user.email=a@b commit -q -m two")
      let unpushed = try await town.tryGT("polecat", "remove", "rig2/ace")
      #expect(unpushed.status == 1 && unpushed.errors.contains("not pushed"))
      #expect(town.exists("\(worktree)/file"))
      try await town.shell("cd \(worktree); git push -q origin HEAD:saved")
      try await town.gt("polecat", "remove", "rig2/ace")
      #expect(!town.exists(worktree))
      #expect(try await town.tryGT("polecat", "remove", "rig2/ace").status == 64)

      try await town.gt("session", "stop", "rig1/toast")
      let hooked = try await town.tryGT("polecat", "remove", "rig1/toast")
      #expect(hooked.status == 1 && hooked.errors.contains("on its hook"))
      try await town.gt("polecat", "remove", "rig1/toast", "--force")
      #expect(!town.exists("gt/rig1/polecats/toast"))
      #expect(!town.exists("gt/daemon/holds/\(Self.session)"))
      #expect(try await town.check().checked == 0)
      try await town.beat()
      try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig2-witness"])
      // And it can be added again.
      try await town.gt("polecat", "add", "rig1/toast")
      try await town.gt("polecat", "add", "rig2/ace")
      #expect(try await town.check().idle == 2)
    }
  }

  @Test func `uninstall leaves nothing of the daemon, and the agents as they are`() async throws {
    try await withTown { town in
      let before = try await town.settle(Self.everybody)
      try await town.systemctl("enable", "gastown-daemon")
      try await town.gt("daemon", "uninstall")
      #expect(try await town.shell("find .config/systemd -name '*gastown*'").isEmpty)
      let units = try await town.run(
        "systemctl", "--user", "list-units", "--all", "--plain", "--no-legend", "gastown-daemon*", "gastown-check*")
      // The agents' scopes go on to say that they are stopped after it.
      let left = units.output.split(separator: "\n").filter { !$0.contains(" not-found ") }
      #expect(left.isEmpty, "\(units.output)")
      #expect(!(try await town.shell("ls $XDG_RUNTIME_DIR")).contains("control.sock"))
      for (session, pid) in before { #expect(try await town.run("kill", "-0", "\(pid)").status == 0, "\(session)") }
      #expect(try await town.tryGT("daemon", "status").status == 3)
      try await town.gt("daemon", "install")
      try await town.start()
      #expect(try await town.agents() == before)
    }
  }

  @Test func `gt daemon logs shows the journal`() async throws {
    try await withTown { town in
      try await town.event("daemon_ready")
      let logs = try await town.gt("daemon", "logs", "--", "-o", "cat", "--no-pager")
      #expect(logs.contains("supervising \(town.town)"))
    }
  }

  @Test func `gt daemon logs shows the crashes, and what concerns one agent or rig`() async throws {
    try await withTown(TownUser.Plan(polecats: ["rig1/toast", "rig2/nux"])) { town in
      let agents = try await town.settle(
        ["gt-deacon", "gt-rig1-witness", "gt-rig2-witness", "gt-rig1-toast", "gt-rig2-nux"])
      try await town.kill(try #require(agents["gt-rig1-toast"]))
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      func lines(_ words: String...) async throws -> [String] {
        try await town.systemd.run(
          town.name, ["gt", "daemon", "logs"] + words + ["--", "-o", "cat", "--no-pager"],
          environment: ["PATH": PrivateSystemd.path]
        ).check().output.split(separator: "\n").map(String.init)
      }
      let crashes = try await lines("--crashes", "--since", "today")
      #expect(crashes.count == 1 && crashes.first?.hasPrefix("rig1/toast was killed by signal 9") == true, "\(crashes)")
      #expect(try await lines("--crashes", "--agent", "rig2/nux").isEmpty)
      let nux = try await lines("--agent", "rig2/nux")
      #expect(!nux.isEmpty && nux.allSatisfy { $0.contains("rig2/nux") }, "\(nux)")
      let rig = try await lines("--rig", "rig2")
      #expect(rig.contains { $0.hasPrefix("rig2/witness") } && !rig.contains { $0.contains("rig1/") }, "\(rig)")
    }
  }
}
