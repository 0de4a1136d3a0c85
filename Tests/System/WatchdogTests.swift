// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("The watchdog", .requiresSystemd)
struct WatchdogTests {
  @Test func `a daemon that is stopped dead is replaced, and no agent notices`() async throws {
    try await withTown(.init(dropIn: "WatchdogSec=3\nTimeoutAbortSec=2")) { town in
      let before = try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      let main = try await town.mainPID()
      try await town.kill(main, "STOP")
      try await eventually("another daemon", every: .milliseconds(100)) {
        let next = try await town.mainPID()
        guard next > 0, next != main else { return false }
        return try await town.property("ActiveState") == "active"
      }
      #expect(try await town.property("NRestarts") == "1")
      let journal = try await town.run("journalctl", "--user", "-u", "gastown-daemon", "-o", "cat", "--no-pager")
      #expect(journal.output.contains("Watchdog timeout"))
      try await town.beat()
      #expect(try await town.agents() == before)
      #expect(try await town.events("crash_detected").isEmpty)
    }
  }

  @Test func `a git fetch that hangs holds up nobody else, and its own polecat for ten seconds only`() async throws {
    let hang = """
      mkdir -p origin; git -C origin init -q -b main
      git -C origin -c user.name=a -c user.email=a@b commit -q --allow-empty -m one
      gt rig add rig2 --git $HOME/origin
      gt polecat add rig2/ace
      gt agent set rig2/ace --hook gt-work-ace --state working
      """
    try await withTown(.init(rigs: [], dropIn: "WatchdogSec=3\nTimeoutAbortSec=2", prepare: hang)) { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig2-witness", "gt-rig1-toast", "gt-rig2-ace"]
      let before = try await town.settle(everybody)
      // The remote's transport never answers.
      try await town.write("#!/bin/sh\necho $$ >>$HOME/hung\nexec sleep 1000\n", to: "bin/hang", isExecutable: true)
      try await town.shell(
        """
        git -C gt/rig2/mayor/rig remote set-url origin ssh://nowhere/rig
        git -C gt/rig2/mayor/rig config core.sshCommand $HOME/bin/hang
        """)
      // A daemon that has not just fetched.
      try await town.systemctl("restart", "gastown-daemon")
      let main = try await town.mainPID()
      for session in ["gt-rig2-ace", "gt-rig1-toast"] { try await town.kill(try #require(before[session])) }
      let clock = ContinuousClock()
      let start = clock.now
      async let beat: String = town.beat()
      try await town.event("agent_restarted", session: "gt-rig1-toast", within: .seconds(8))
      #expect(town.exists("hung"))
      #expect(try await town.events("agent_restarted", session: "gt-rig2-ace").isEmpty)
      // Meanwhile everything else is answered.
      let asked = try await clock.measure { try await town.gt("daemon", "status") }
      #expect(asked < .seconds(3))
      _ = try await beat
      let took = clock.now - start
      #expect(took > .seconds(9) && took < .seconds(20))
      let restart = try #require(try await town.event("agent_restarted", session: "gt-rig2-ace").first)
      #expect(restart["MESSAGE"]?.contains("git fetch") == true)
      try await town.settle(everybody)
      #expect(try await town.mainPID() == main)
      #expect(try await town.property("NRestarts") == "0")
      // Nothing of it is left.
      let hung = (town.text("hung") ?? "").split(separator: "\n")
      for pid in hung { #expect(try await town.run("kill", "-0", "\(pid)").status != 0) }
    }
  }

  @Test func `a bd that hangs holds up neither the watchdog nor the Deacon`() async throws {
    try await withTown(
      .init(settings: #""deadlines": {"bd": "8s"}"#, usesBd: true, dropIn: "WatchdogSec=3\nTimeoutAbortSec=2")
    ) { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]
      let before = try await town.settle(everybody)
      let main = try await town.mainPID()
      try await town.write(#"{"hang": true}"#, to: "gt/.beads/stand-in-faults.json")
      for session in ["gt-deacon", "gt-rig1-toast"] { try await town.kill(try #require(before[session])) }
      async let beat: String = town.beat()
      // The Deacon needs no bead to be started.
      try await town.event("agent_restarted", session: "gt-deacon", within: .seconds(20))
      _ = try await beat
      // Whose bead cannot be read is left alone, and that is said.
      try await town.settle(["gt-deacon", "gt-rig1-witness"])
      #expect(try await town.events("store_unavailable").count >= 1)
      #expect(try await town.mainPID() == main)
      #expect(try await town.property("NRestarts") == "0")
      // A daemon that starts meanwhile becomes ready all the same.
      let started = try await ContinuousClock().measure { try await town.systemctl("restart", "gastown-daemon") }
      #expect(started < .seconds(5))
      try await town.shell("rm gt/.beads/stand-in-faults.json")
      try await eventually("the polecat's return", within: .seconds(60), every: .milliseconds(500)) {
        try await town.beat()
        return Set(try await town.agents().keys) == everybody
      }
      #expect(try await town.events("crash_detected", session: "gt-rig1-toast").count == 1)
    }
  }
}
