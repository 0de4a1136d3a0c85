// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Commands
import TestSupport
import Testing

@Suite("The service starts", .requiresSystemd)
struct StartTests {
  @Test func `is active within five seconds, and says the truth about itself`() async throws {
    try await withTown(.init(polecats: ["rig1/toast", "rig1/nux"], isStarted: false)) { town in
      let duration = try await ContinuousClock().measure { try await town.systemctl("start", "gastown-daemon") }
      #expect(duration < .seconds(5))
      print("systemctl --user start: \(duration)")
      #expect(try await town.property("ActiveState") == "active")
      // Ready means that the socket answers: no waiting, no second try.
      let status = try await town.gt("daemon", "status", "--json")
      #expect(status.contains(#""running" : true"#))
      #expect(status.contains(#""town" : "\#(town.town)""#))
      #expect(status.contains(#""pid" : \#(try await town.mainPID())"#))

      #expect(try await town.property("Type") == "notify")
      #expect(try await town.property("WatchdogUSec") == "30s")
      #expect(try await town.property("NotifyAccess") == "main")
      #expect(try await town.property("Restart") == "always")
      #expect(try await town.property("NRestarts") == "0")

      try await town.beat()
      let agents = try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast", "gt-rig1-nux"])
      #expect(agents.count == 4)
      try await eventually("a true status text") { try await town.property("StatusText") == "4 agents: 4 alive" }
    }
  }

  @Test func `keeps its socket and its state to the user`() async throws {
    try await withTown { town in
      let modes = try await town.shell(
        "stat -c '%a %F' $XDG_RUNTIME_DIR/gastown $XDG_RUNTIME_DIR/gastown/control.sock $XDG_RUNTIME_DIR/gastown-tmux")
      #expect(modes == "700 directory\n600 socket\n700 directory\n")
      struct State: Decodable {
        var running: Bool
        var pid: Int32
        var started_at: String
        var last_heartbeat: String
        var heartbeat_count: Int
      }
      let text = try #require(town.text("gt/daemon/state.json"))
      let state = try JSONDecoder().decode(State.self, from: Data(text.utf8))
      #expect(state.running)
      #expect(state.pid == (try await town.mainPID()))
      #expect(state.heartbeat_count >= 1)
      #expect(state.started_at.hasSuffix("Z") && state.last_heartbeat.hasSuffix("Z"))
      let ready = try await town.event("daemon_ready")
      #expect(ready.count == 1)
      #expect(ready[0]["GT_TOWN"] == town.town)
    }
  }

  @Test func `gives an agent who it is, and nothing of the service manager's`() async throws {
    try await withTown { town in
      let agents = try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      let pid = try #require(agents["gt-rig1-toast"])
      let environment = try await eventually("the agent's environment") {
        let found = town.environment("gt-rig1-toast", pid: pid)
        return found.isEmpty ? nil : found
      }
      let expected = [
        "GT_ROLE": "polecat", "GT_RIG": "rig1", "GT_POLECAT": "toast", "GT_SESSION": "gt-rig1-toast",
        "GT_TOWN_ROOT": town.town, "BD_ACTOR": "rig1/polecats/toast", "BEADS_AGENT_NAME": "rig1/toast",
        "BEADS_NO_DAEMON": "1", "BEADS_DIR": "\(town.town)/.beads", "HOME": town.home, "USER": town.name,
      ]
      for (name, value) in expected { #expect(environment[name] == value, "\(name)") }
      for name in [
        "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID", "INVOCATION_ID",
        "JOURNAL_STREAM", "CLAUDECODE", "SYSTEMD_EXEC_PID", "MANAGERPID", "FDSTORE", "GT_SOCKET", "GT_CREW",
      ] { #expect(environment[name] == nil, "\(name)") }
      let path = (environment["PATH"] ?? "").split(separator: ":")
      #expect(path.first == "\(town.home)/.local/bin")
      #expect(path.contains("/usr/bin"))
      #expect(town.log("gt-rig1-toast").first == "start \(pid) \(town.town)/rig1/polecats/toast")
      let deacon = try #require(agents["gt-deacon"])
      #expect(town.log("gt-deacon").first == "start \(deacon) \(town.town)/deacon")
      #expect(town.environment("gt-deacon", pid: deacon)["BD_ACTOR"] == "deacon")
      // Agents are the tmux unit's, or in scopes of their own where tmux makes such: nothing that happens to the
      // daemon's unit touches them.
      let cgroup = try await town.shell("cat /proc/\(pid)/cgroup")
      #expect(cgroup.contains("app-gastown-agents.slice") && !cgroup.contains("gastown-daemon"))
    }
  }
  @Test func `agents get what agent.env says, beside who they are`() async throws {
    let prepare = """
      mkdir -p ~/.config/gastown
      printf 'SSH_AUTH_SOCK=/run/ssh agent\nDISPLAY=:7\nGT_ROLE=mayor\n' >~/.config/gastown/agent.env
      """
    try await withTown(.init(prepare: prepare)) { town in
      let agents = try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      for (session, role) in [("gt-deacon", "deacon"), ("gt-rig1-toast", "polecat")] {
        let pid = try #require(agents[session])
        let environment = try await eventually("the agent's environment") {
          let found = town.environment(session, pid: pid)
          return found.isEmpty ? nil : found
        }
        #expect(environment["SSH_AUTH_SOCK"] == "/run/ssh agent" && environment["DISPLAY"] == ":7", "\(environment)")
        #expect(environment["GT_ROLE"] == role)
      }
    }
  }
}
