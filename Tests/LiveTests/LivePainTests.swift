// SPDX-License-Identifier: Apache-2.0

import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// What people have suffered from daemons of this kind, where it takes a real tmux and real files to show that it is
/// so no more. docs/pains.md says which report each is from.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(3))) struct LivePainTests {
  private let toast = LiveTownFixture.toast

  private func crashes(_ journal: RecordedJournal) -> [String] {
    journal.entries.filter { $0.event == "crash_detected" }.map(\.message)
  }

  /// gt#566 (812 sessions in four days), gt#1861, gt#1768: tmux calls Claude `2.1.30`, and others `node` or `bun`; who
  /// was not called `claude` was killed at every heartbeat.
  @Test(arguments: ["2.1.30", "node", "bun", "sh"])
  func `no agent is killed because of what its command is called`(command: String) async throws {
    try await LiveTownFixture.with(command: [command]) { town in
      // As Claude does: what was started is a link, and what it is called is where that leads.
      let real = town.directory.makeDirectory("real")
      try await town.run(["cp", "/bin/sleep", "\(real)/\(command)"])
      town.script(command, "#!/bin/bash\nexec \(real)/\(command) 1000\n")
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.supervised { supervisor, journal in
        await supervisor.beat()
        let life = try #require(try await town.liveness().life)
        try await eventually("its name") {
          try await town.tmux("display-message", "-p", "-t", life.pane, "#{pane_current_command}") == "\(command)\n"
        }
        for _ in 0..<3 { await supervisor.beat() }
        #expect(try await town.liveness().life == life)
        #expect(journal.events(toast) == ["agent_started"] && crashes(journal).isEmpty)
      }
    }
  }

  /// `has-session -t gt-deacon` is true, and `kill-session -t gt-deacon` kills, where only gt-deacon-boot is there:
  /// the Deacon was taken to run, and its end was another's.
  @Test func `a session whose name begins with an agent's is not taken for it, nor killed in its stead`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.tmux("new-session", "-d", "-s", "gt-deacon-boot", "sleep", "1000")
      let boot = try #require(try await town.client.panes().panes.first { $0.session == "gt-deacon-boot" })
      try await town.supervised { supervisor, journal in
        await supervisor.beat()
        #expect(journal.events(.deacon) == ["agent_started"], "the other is not the Deacon")
        try await town.tmux("kill-session", "-t", "=gt-deacon")
        try await eventually("its restart") { journal.events(.deacon).contains("agent_restarted") }
        _ = try await supervisor.carryOut(PersonCommand(.stop, agent: .deacon, who: "ada"))
        let panes = try await town.client.panes().panes
        #expect(!panes.contains { $0.session == "gt-deacon" })
        #expect(panes.contains { $0.session == "gt-deacon-boot" && $0.pid == boot.pid && !$0.isDead })
        // There is nothing to end, and that is nobody else's end.
        _ = try? await supervisor.carryOut(PersonCommand(.stop, agent: .deacon, who: "ada"))
        #expect(ProcessTable().identity(of: boot.pid) != nil)
      }
    }
  }

  /// gt#2232 (a pid file with nothing in it), gt#3463, gt#4094: who had written half a file when the power went was
  /// believed, and everybody was started anew.
  @Test(arguments: [0, 1, 40])
  func `a file that is cut short costs no agent its life`(length: Int) async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast", "crumb")
      let agents = [toast, .polecat(rig: LiveTownFixture.rig, name: "crumb"), .deacon]
      try await town.supervised { supervisor, _ in await supervisor.beat() }
      for path in [town.layout.ledger, town.layout.pendingSpawns, town.layout.path("daemon/state.json")] {
        let text = TestFile.text(path) ?? ""
        #expect(text.utf8.count > length || path == town.layout.pendingSpawns || !TestFile.exists(path))
        TestFile.write(String(text.prefix(length)), to: path, mode: 0o600)
      }
      var lives: [AgentIdentity: ProcessLife] = [:]
      for agent in agents { lives[agent] = try await town.liveness(of: agent).life }
      #expect(lives.count == agents.count)
      try await town.supervised { supervisor, journal in
        for _ in 0..<2 { await supervisor.beat() }
        for agent in agents {
          #expect(try await town.liveness(of: agent).life == lives[agent])
          #expect(town.starts(of: agent) == 1)
        }
        #expect(crashes(journal).isEmpty)
        // And it goes on from there.
        try await town.kill(try #require(lives[toast]))
        try await eventually("its restart") { journal.events(toast).contains("agent_restarted") }
        #expect(crashes(journal).count == 1)
      }
    }
  }

  /// gt#4813 (frozen for three days, while the guard said "already running" 1,887 times), gt#1684: a session that is
  /// there was taken for an agent that lives, whoever had a pane in it.
  @Test func `an agent is missed though a person's pane is left in its session`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.supervised { supervisor, journal in
        await supervisor.beat()
        let life = try #require(try await town.liveness().life)
        try await town.tmux("split-window", "-d", "-t", "=\(toast.session):", "sleep 1000")
        let panes = try await town.client.panes().panes.filter { $0.session == toast.session && $0.pid != life.pid }
        let person = try #require(panes.first.flatMap { ProcessTable().identity(of: $0.pid) })
        try await town.tmux("kill-pane", "-t", life.pane)
        try await eventually("its death") { crashes(journal).count == 1 }
        try await eventually("the word that it cannot be started") { journal.events(toast).contains("restart_failed") }
        for _ in 0..<2 { await supervisor.beat() }
        #expect(ProcessTable().isRunning(person) && town.starts() == 1, "what a person runs is left alone")
        #expect(crashes(journal).count == 1 && journal.events(toast).count { $0 == "restart_failed" } == 1)
        try Signals.send(9, to: person)
        try await ProcessExit.wait(for: person)
        await supervisor.beat()
        #expect(journal.events(toast).contains("agent_restarted"))
        _ = try await town.written("starts")
      }
    }
  }
}
