// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import TestSupport
import Testing

@Suite("Agents that stand still", .requiresSystemd)
struct FreezeTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]

  @Test func `a frozen agent stands still until it is thawed, whatever becomes of the daemon`() async throws {
    // Whoever does nothing for a second is told of.
    try await withTown(.init(settings: #""checks": {"gupp": "1s"}"#, dropIn: "RestartSec=10ms")) { town in
      let agents = try await town.settle(Self.everybody)
      let pid = try #require(agents["gt-rig1-toast"])
      try await eventually("its first order") { town.log("gt-rig1-toast").contains("told Begin.") }
      // Something that an agent does all the time, in a process of its own.
      let worker = try await town.child(of: "gt-rig1-toast", "while :; do date +%s%N >$HOME/ticks; sleep 0.02; done")
      try await eventually("a tick") { town.text("ticks") != nil }
      let said = try await town.gt("session", "freeze", "rig1/toast")
      #expect(said.contains("rig1/toast is frozen (pid \(pid))"))
      let group = try await town.group(of: pid)
      #expect(try await town.shell("cat /sys/fs/cgroup$1/cgroup.events", group).contains("frozen 1"))
      #expect(try await town.group(of: worker) == group)
      let tick = town.text("ticks")
      try await town.tell("gt-rig1-toast", "hello")
      try await town.event("agent_frozen", session: "gt-rig1-toast")
      #expect(try await town.frozen("rig1/toast") == .init(state: "alive", frozen: true, pid: pid))
      let check = try await town.gt("session", "check")
      #expect(check.contains("frozen") && check.contains("gt session thaw"))
      #expect(try await town.tryGT("session", "freeze", "rig1/toast").output.contains("is frozen already"))

      // Neither the end of a daemon nor a new one changes that; nobody complains of it.
      let main = try await town.mainPID()
      try await town.kill(main)
      try await eventually("the next daemon") {
        let next = try await town.mainPID()
        guard next != main, next > 0 else { return false }
        return try await town.property("ActiveState") == "active"
      }
      for _ in 0..<3 { try await town.beat() }
      #expect(try await town.frozen("rig1/toast") == .init(state: "alive", frozen: true, pid: pid))
      #expect(town.text("ticks") == tick && !town.log("gt-rig1-toast").contains("told hello"))
      #expect(try await town.events("gupp_violation", session: "gt-rig1-toast").isEmpty)
      for event in ["stale_agent", "crash_detected", "agent_not_ready"] {
        #expect(try await town.events(event).isEmpty, "\(event)")
      }

      #expect(try await town.gt("session", "thaw", "rig1/toast").contains("is thawed"))
      try await eventually("what it was told meanwhile") { town.log("gt-rig1-toast").contains("told hello") }
      try await eventually("another tick") { town.text("ticks") != tick }
      try await town.event("agent_thawed", session: "gt-rig1-toast")
      #expect(try await town.frozen("rig1/toast") == .init(state: "alive", frozen: false, pid: pid))
      #expect(try await town.tryGT("session", "thaw", "rig1/toast").output.contains("is not frozen"))
      // From now on it may be judged again.
      try await eventually("a word of it", every: .milliseconds(500)) {
        try await town.beat()
        return try await town.events("gupp_violation", session: "gt-rig1-toast").count == 1
      }
    }
  }

  @Test func `a frozen agent can be stopped and restarted, and puts its work away`() async throws {
    let agent = """
      cat >bin/tidy <<'SH'
      #!/bin/bash
      trap 'echo tidied >>$HOME/tidied; exit 0' TERM
      echo "start $$" >>$HOME/started
      printf '> '; while :; do IFS= read -r -t 1 line && printf '> '; done
      SH
      chmod +x bin/tidy
      """
    try await withTown(.init(agent: "~/bin/tidy", prepare: agent)) { town in
      let agents = try await town.settle(Self.everybody)
      try await town.gt("session", "freeze", "rig1/toast")
      try await town.gt("session", "restart", "rig1/toast")
      #expect(town.text("tidied") == "tidied\n")
      let next = try await town.settle(Self.everybody)
      #expect(next["gt-rig1-toast"] != agents["gt-rig1-toast"])
      #expect(try await town.frozen("rig1/toast").frozen == false)
      try await town.gt("session", "freeze", "rig1/toast")
      try await town.gt("session", "stop", "rig1/toast")
      #expect(town.text("tidied") == "tidied\ntidied\n")
      try await town.settle(["gt-deacon", "gt-rig1-witness"])
      #expect(try await town.events("crash_detected").isEmpty)
      // Nobody is frozen who does not run.
      let refused = try await town.tryGT("session", "freeze", "rig1/toast")
      #expect(refused.status == 1 && refused.errors.contains("is not running"))
    }
  }

  @Test func `freezing works without a daemon, and one that dies frozen is restarted`() async throws {
    try await withTown { town in
      let agents = try await town.settle(Self.everybody)
      let pid = try #require(agents["gt-rig1-toast"])
      try await town.gt("daemon", "stop")
      try await town.gt("session", "freeze", "rig1/toast")
      #expect(try await town.frozen("rig1/toast").frozen)
      try await town.start()
      #expect(try await town.agents() == agents)
      try await town.event("agent_frozen", session: "gt-rig1-toast")
      try await town.kill(pid)
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      let next = try await town.settle(Self.everybody)
      #expect(next["gt-rig1-toast"] != pid)
      #expect(try await town.frozen("rig1/toast").frozen == false)
    }
  }
}

extension TownUser {
  struct Standing: Decodable, Equatable {
    var state: String
    var frozen: Bool
    var pid: Int32?
  }

  /// What `gt session status --json` says of an agent, however it is.
  func frozen(_ agent: String) async throws -> Standing {
    let output = try await tryGT("session", "status", agent, "--json").output
    do {
      return try JSONDecoder().decode(Standing.self, from: Data(output.utf8))
    } catch {
      throw NotInTime(description: "\(error): \(output)")
    }
  }
}
