// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("What the daemon and systemd tell each other", .requiresSystemd)
struct ServiceProtocolTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]

  @Test func `a daemon that finds a fault of its own says which, and is replaced as by the watchdog`() async throws {
    // The first daemon sees nobody where everybody is: a fault that only a test can make.
    let fault = "Environment=GASTOWN_FAULT=%h/fault\nRestartSec=50ms\nTimeoutAbortSec=5\nWatchdogSec=0"
    try await withTown(.init(dropIn: fault)) { town in
      let before = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      try await town.write("blind", to: "fault")
      _ = try await town.tryGT("daemon", "beat")
      try await eventually("another daemon", within: .seconds(60), every: .milliseconds(100)) {
        let next = try await town.mainPID()
        guard next > 0, next != main else { return false }
        return try await town.property("ActiveState") == "active"
      }
      try await town.beat()
      #expect(try await town.agents() == before)
      let journal = try await town.run("journalctl", "--user", "-u", "gastown-daemon", "-o", "cat", "--no-pager").output
      #expect(journal.contains("a fault of the daemon itself"))
      #expect(journal.contains("is to be started while its process (pid"))
      #expect(journal.contains("Watchdog request") || journal.contains("Failed with result 'watchdog'"))
      #expect(try await town.property("NRestarts") == "1")
      for event in ["agent_restarted", "restart_failed"] { #expect(try await town.events(event).isEmpty, "\(event)") }
    }
  }

  @Test func `settings that cannot be used are status 78 with an error number, and are not tried again`() async throws {
    try await withTown(.init(isStarted: false)) { town in
      try await town.write(#"{"restart": {"max": 5}}"#, to: "gt/mayor/daemon.json")
      _ = try await town.run("systemctl", "--user", "start", "gastown-daemon")
      try await eventually("its failure") { try await town.property("ActiveState") == "failed" }
      #expect(try await town.property("ExecMainStatus") == "78")
      #expect(try await town.property("StatusErrno") == "22")
      #expect(try await town.property("NRestarts") == "0")
      let status = try await town.property("StatusText")
      #expect(status.contains("daemon.json") && status.contains("restart.max"), "\(status)")
    }
  }

  @Test func `what systemd says to the daemon reaches nothing that it starts`() async throws {
    let hooks = """
      cat >bin/told <<'SH'
      #!/bin/sh
      cat /proc/self/environ >"$HOME/notify.env"
      SH
      chmod +x bin/told
      git -c init.defaultBranch=main init -q origin
      git -C origin -c user.name=a -c user.email=a@b commit -q --allow-empty -m one
      gt rig add rig2 --git $HOME/origin
      gt polecat add rig2/ace
      gt agent set rig2/ace --hook gt-work-ace --state working
      printf '%s\\n' '#!/bin/sh' 'cat /proc/self/environ >"$HOME/git.env"; exec git-upload-pack "$@"' >bin/pack
      chmod +x bin/pack
      git -C gt/rig2/mayor/rig config remote.origin.uploadpack $HOME/bin/pack
      """
    let plan = TownUser.Plan(
      settings: #""notify": ["bin/told"], "restart": {"loop_count": 1}"#, usesBd: false,
      prepare: hooks + "\nsed -i \"s|bin/told|$HOME/bin/told|\" gt/mayor/daemon.json")
    try await withTown(plan) { town in
      let agents = try await town.settle(Self.everybody.union(["gt-rig2-ace", "gt-rig2-witness"]))
      // The daemon has them all.
      let own = try await town.shell("tr '\\0' '\\n' </proc/$1/environ", "\(try await town.mainPID())")
      for name in ["NOTIFY_SOCKET=", "LISTEN_FDS=", "WATCHDOG_USEC=", "INVOCATION_ID="] {
        #expect(own.contains(name), "\(name)")
      }
      try await eventually("a fetch of git") { town.exists("git.env") }
      // One death is a crash loop here, which a person is told of.
      try await town.kill(try #require(agents["gt-rig1-toast"]))
      try await town.event("agent_parked", session: "gt-rig1-toast")
      try await eventually("the notification") { town.text("notify.env")?.isEmpty == false }
      for file in ["git.env", "notify.env"] {
        let names = Set(
          (town.text(file) ?? "").split(separator: "\0").compactMap { $0.split(separator: "=").first.map(String.init) })
        #expect(names.contains("HOME"))
        let leaked = names.filter { name in
          name.hasPrefix("LISTEN_") || name.hasPrefix("WATCHDOG_") || name.hasPrefix("MEMORY_PRESSURE")
            || name.hasPrefix("MALLOC_")
            || ["NOTIFY_SOCKET", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "FDSTORE", "MANAGERPID"]
              .contains(name)
        }
        #expect(leaked.isEmpty, "\(file): \(leaked.sorted())")
      }
    }
  }

  @Test func `a start that takes longer than systemd's patience is waited for while agents are looked for`()
    async throws
  {
    try await withTown(.init(settings: #""deadlines": {"tmux": "4s"}"#)) { town in
      let before = try await town.settle(Self.everybody)
      try await town.dropIn("TimeoutStartSec=2")
      // Accepts connections, and answers nothing: the first look takes its whole deadline. One that is stopped by a
      // signal would be seen to be, and not be asked.
      try await town.systemctl("freeze", "gastown-tmux.service")
      let took = try await ContinuousClock().measure { try await town.systemctl("restart", "gastown-daemon") }
      try await town.systemctl("thaw", "gastown-tmux.service")
      #expect(took > .seconds(3))
      #expect(try await town.property("ActiveState") == "active")
      #expect(try await town.property("NRestarts") == "0")
      try await eventually("everybody") {
        try await town.beat()
        return try await town.agents() == before
      }
    }
  }

  @Test func `nobody is started while the user manager shuts down`() async throws {
    // The daemon is told to stop last, and agents die long before: the worst of orders.
    let last = "ExecStop=/bin/sleep 2"
    try await withTown(.init(dropIn: last)) { town in
      let before = try await town.settle(Self.everybody)
      for pid in before.values { _ = try await town.scope(of: pid) }
      let uid = try await town.shell("id -u").filter(\.isNumber)
      async let stopped = town.systemd.root(["systemctl", "stop", "user@\(uid).service"])
      try await eventually("the shutdown") {
        try await town.run("systemctl", "--user", "is-system-running").output.contains("stopping")
      }
      for pid in before.values { _ = try? await town.kill(pid) }
      _ = try await stopped
      // From the files and the journal, as nobody is there any more who could be asked.
      try await town.systemd.root(["journalctl", "--sync"]).check()
      let journal = try await town.systemd.root(
        ["journalctl", "_UID=\(uid)", "-t", "gastown-daemon", "-o", "cat", "--no-pager"]
      ).output
      #expect(journal.contains("killed by signal 9"))
      #expect(!journal.contains("restarted as pid"), "\(journal)")
      for session in before.keys { #expect(town.log(session).count { $0.hasPrefix("start ") } == 1) }
    }
  }

  @Test func `neither a manager nor a journal that does not answer holds up the supervision`() async throws {
    try await withTown { town in
      let before = try await town.settle(Self.everybody)
      let pid = try #require(before["gt-rig1-toast"])
      let manager = try await town.shell("pgrep -u $(id -u) -x systemd | head -1").filter(\.isNumber)
      let journald = try await town.systemd.root(["sh", "-c", "pgrep -x systemd-journal | head -1"]).output
        .filter(\.isNumber)
      let words: @Sendable (String) -> [String] = { ["sh", "-c", "kill -\($0) \(manager) \(journald)"] }
      _ = try await town.systemd.root(words("STOP")).check()
      let result: Result<Void, any Error>
      do {
        // By the shortest way: everything else would ask the manager.
        try await town.systemd.root(["kill", "-KILL", "\(pid)"]).check()
        try await eventually("a restart", within: .seconds(20)) {
          town.log("gt-rig1-toast").count { $0.hasPrefix("start ") } == 2
        }
        result = .success(())
      } catch {
        result = .failure(error)
      }
      _ = try await town.systemd.root(words("CONT")).check()
      try result.get()
      let after = try await town.settle(Self.everybody)
      #expect(try await town.scope(of: try #require(after["gt-rig1-toast"])).unit.contains("rig1-toast"))
      #expect(try await town.property("NRestarts") == "0")
    }
  }
}
