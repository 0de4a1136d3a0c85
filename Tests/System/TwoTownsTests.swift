// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing
import Town

/// Two towns of one user, under one user manager.
@Suite("A second town of the same user", .requiresSystemd)
struct TwoTownsTests {
  /// A name that systemd has to escape.
  private static let second = "other town-2"

  /// The instance of the second town, as systemd itself says it.
  private func instance(_ town: TownUser) async throws -> String {
    try await town.shell("systemd-escape --path \"$HOME/$1\"", Self.second).trimmed
  }

  /// Runs `gt` for the second town.
  private func gt(_ town: TownUser, _ words: String...) async throws -> CommandResult {
    let own = words.prefix { $0 != "--" }
    return try await town.systemd.run(
      town.name, ["gt"] + own + ["--town", "\(town.home)/\(Self.second)"] + words.dropFirst(own.count),
      environment: ["PATH": town.path], deadline: .seconds(200))
  }

  /// Makes the second town, with a rig and a polecat of the same names as the first one's, and installs it.
  private func found(_ town: TownUser) async throws -> String {
    try await town.shell(
      """
      t=$HOME/$1
      gt town init "$t"
      cp gt/mayor/daemon.json "$t/mayor/daemon.json"
      gt rig add rig1 --town "$t"
      gt polecat add rig1/toast --town "$t"
      gt agent set rig1/toast --hook gt-work-two --state working --town "$t"
      gt daemon install --town "$t"
      """, Self.second)
  }

  private func agents(_ town: TownUser) async throws -> [String: Int32] {
    try await town.agents(of: "\(town.home)/\(Self.second)")
  }

  @Test func `has a daemon, a tmux server and a check of its own, and neither notices the other`() async throws {
    try await withTown { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]
      let first = try await town.settle(everybody)
      let said = try await found(town)
      let instance = try await instance(town)
      let daemon = "gastown-daemon@\(instance).service"
      #expect(said.contains(town.town) && said.contains(daemon))
      #expect(said.contains("enable --now 'gastown-daemon@\(instance)'"))
      // Also where a polecat is added before the daemon runs: it is this town's unit that is named.
      let added = try await gt(town, "polecat", "add", "rig1/late", "--hook", "gt-late").check().output
      #expect(added.contains("enable --now '\(daemon)'"), "\(added)")
      _ = try await gt(town, "polecat", "remove", "rig1/late", "--force").check()
      // The first town's units are as they were.
      #expect(town.text(".config/systemd/user/gastown-daemon.service")?.contains("--town \(town.town)\n") == true)
      // What it says is what one types.
      try await town.systemctl("enable", "--now", "gastown-daemon@\(instance)")
      _ = try await gt(town, "daemon", "beat").check()
      let second = try await eventually("the second town's agents", every: .milliseconds(100)) {
        let found = try await agents(town)
        return Set(found.keys) == everybody ? found : nil
      }
      #expect(Set(second.values).isDisjoint(with: first.values))
      #expect(try await town.agents() == first)

      // Each has its own of everything.
      #expect(try await town.property("StatusText", of: daemon).hasPrefix("3 agents"))
      #expect(try await town.property("ActiveState", of: "gastown-check@\(instance).timer") == "active")
      #expect(try await town.property("ActiveState", of: "gastown-tmux@\(instance).service") == "active")
      let group = try await town.shell("cat /proc/\(try #require(second["gt-rig1-toast"]))/cgroup")
      #expect(group.contains("/app-gastown-agents.slice/"))
      let server = try await town.property("MainPID", of: "gastown-tmux@\(instance).service")
      #expect(try await town.shell("cat /proc/\(server)/cgroup").contains("gastown-tmux@"))
      #expect(
        try await town.shell("stat -c '%a %F' \"$XDG_RUNTIME_DIR/gastown/$1/control.sock\"", instance)
          == "600 socket\n")
      #expect(try await gt(town, "daemon", "status").check().output.contains("\(town.home)/\(Self.second)"))
      #expect(try await town.gt("daemon", "status").contains("for \(town.town) "))
      try await town.systemctl("start", "gastown-check@\(instance).service")
      #expect(try await town.property("Result", of: "gastown-check@\(instance).service") == "success")
      #expect(try await gt(town, "doctor").output.contains("\(town.home)/\(Self.second)"))

      // A death in one is the one's alone, and so is one of its daemon.
      let main = try await town.mainPID()
      try await town.kill(try #require(second["gt-rig1-toast"]))
      try await eventually("its restart", every: .milliseconds(100)) {
        let now = try await agents(town)["gt-rig1-toast"]
        return now != nil && now != second["gt-rig1-toast"]
      }
      #expect(try await town.agents() == first)
      #expect(try await town.events("crash_detected").isEmpty)
      let own = try await gt(town, "daemon", "logs", "--crashes", "--", "-o", "cat", "--no-pager").check().output
      #expect(own.contains("rig1/toast was killed by signal 9"))
      let pid = try await town.mainPID(of: daemon)
      try await town.kill(pid)
      try await eventually("another daemon", every: .milliseconds(100)) {
        let next = try await town.mainPID(of: daemon)
        guard next > 0, next != pid else { return false }
        return try await town.property("ActiveState", of: daemon) == "active"
      }
      #expect(try await town.mainPID() == main)

      // One stops, by its own tmux server too, and the other goes on.
      let before = try await agents(town)
      try await town.gt("daemon", "stop")
      try await town.systemctl("stop", "gastown-tmux.service")
      #expect(try await town.property("ActiveState", of: daemon) == "active")
      #expect(try await town.property("ActiveState", of: "gastown-check@\(instance).timer") == "active")
      #expect(try await agents(town) == before)
      #expect(try await town.tryGT("daemon", "status").status == 3)
      try await town.kill(try #require(before["gt-rig1-witness"]))
      try await eventually("its restart", every: .milliseconds(100)) {
        let now = try await agents(town)["gt-rig1-witness"]
        return now != nil && now != before["gt-rig1-witness"]
      }
      #expect(try await town.agents().isEmpty)

      // And the other way round; what is left behind is nothing.
      _ = try await gt(town, "daemon", "stop").check()
      #expect(try await town.property("ActiveState", of: daemon) == "inactive")
      #expect(try await town.property("ActiveState", of: "gastown-daemon@\(instance).socket") == "inactive")
      #expect(try await gt(town, "daemon", "status").status == 3)
      try await town.gt("daemon", "start")
      try await town.beat()
      try await town.settle(everybody)
      #expect(try await town.property("ActiveState", of: daemon) == "inactive")
      _ = try await gt(town, "daemon", "uninstall").check()
      let left = try await town.shell("find .config/systemd -name '*gastown*@*'")
      #expect(left.isEmpty, "\(left)")
      #expect(town.exists(".config/systemd/user/gastown-daemon.service"))
      for slice in ["agents", "control"] { #expect(town.exists(".config/systemd/user/app-gastown-\(slice).slice")) }
      #expect(try await town.property("ActiveState") == "active")
    }
  }

  @Test func `the preset enables nothing`() async throws {
    try await withTown { town in
      _ = try await found(town)
      let instance = try await instance(town)
      let preset = TestFile.text("\(PrivateSystemd.repository)/systemd/50-gastown.preset") ?? ""
      try await town.systemd.root([
        "sh", "-c", "mkdir -p /etc/systemd/user-preset; printf %s \"$1\" >/etc/systemd/user-preset/50-gastown.preset",
        "sh", preset,
      ]).check()
      for unit in [
        "gastown-daemon.service", "gastown-daemon.socket", "gastown-daemon@\(instance).service",
        "gastown-daemon@\(instance).socket",
      ] {
        try await town.systemctl("enable", unit)
        try await town.systemctl("preset", unit)
        #expect(try await town.run("systemctl", "--user", "is-enabled", unit).output.trimmed == "disabled", "\(unit)")
      }
    }
  }

  @Test func `a path that no socket can have is refused, with the way out`() async throws {
    try await withTown(.init(isStarted: false)) { town in
      let name = String(repeating: "long-name", count: 8)
      let result = try await town.run("bash", "-euc", "gt town init $1; gt daemon install --town $1", "bash", name)
      #expect(result.status == 1)
      #expect(
        result.errors.contains("bytes, and the kernel allows 107") && result.errors.contains("gt daemon uninstall"))
      #expect(try await town.shell("find .config/systemd -name '*@*'").isEmpty)
    }
  }
}
