// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import Processes
import Supervision
import Synchronization
import TestSupport
import Testing
import Town
import TownFiles

/// What happens to a town whose tmux is at fault: to a server that stands still or is killed, and to a `tmux` that does
/// anything but what it should.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(3))) struct TmuxFaultTests {
  private let toast = LiveTownFixture.toast
  private let nux = AgentIdentity.polecat(rig: LiveTownFixture.rig, name: "nux")
  private let witness = AgentIdentity.witness(rig: LiveTownFixture.rig)
  private var everybody: [AgentIdentity] { [toast, nux, witness, .deacon] }

  @Test func `a server that stands still for many deadlines ends nobody; who died meanwhile is found once it goes on`()
    async throws
  {
    try await LiveTownFixture.with(deadline: .seconds(1)) { town in
      try await town.startServer()
      try await town.addPolecats("toast", "nux")
      try await town.supervised { supervisor, journal in
        try await town.settled(supervisor, everybody)
        let before = Dictionary(uniqueKeysWithValues: everybody.map { ($0, town.running($0)) })
        let server = try #require(town.tmuxServers.first).identity
        let pid = try #require(before[toast]?.first)

        try await server.halt()
        kill(pid, SIGKILL)
        let clock = ContinuousClock()
        for _ in 0..<3 {
          let took = await clock.measure { await supervisor.beat() }
          #expect(took < .seconds(10))
        }
        #expect(await supervisor.health().isWell)
        #expect(await supervisor.status().troubles.contains { $0.contains("tmux server") })
        #expect(journal.count("tmux_unavailable") == 1)
        for agent in everybody {
          #expect(await supervisor.finding(of: agent)?.decision == .unknown, "\(agent.address)")
          #expect(town.starts(of: agent) == 1)
        }

        try Signals.send(SIGCONT, to: server)
        try await eventually("its restart") {
          await supervisor.beat()
          return journal.count("agent_restarted", toast) == 1 && town.starts() == 2
        }
        #expect(journal.count("crash_detected") == 1 && journal.count("mass_death") == 0)
        #expect(await supervisor.status().troubles.isEmpty)
        for agent in everybody where agent != toast { #expect(town.running(agent) == before[agent]) }
      }
    }
  }

  @Test func `a start that a server takes up after it was given up is found, and not made twice`() async throws {
    let strikes = Mutex(1)
    let stopped = Mutex<ProcessIdentity?>(nil)
    try await LiveTownFixture.with(
      deadline: .seconds(1),
      interceptor: { command in
        guard command.arguments.contains("gt-rig-toast"), command.arguments.contains("new-session"),
          strikes.withLock({ left in
            defer { left = 0 }
            return left == 1
          }), let server = stopped.withLock({ $0 })
        else { return }
        try Signals.send(SIGSTOP, to: server)
      }
    ) { town in
      try await town.startServer()
      stopped.withLock { $0 = town.tmuxServers.first?.identity }
      try await town.addPolecats("toast")
      try await town.supervised { supervisor, journal in
        let beat = Task { await supervisor.beat() }
        try await eventually("a server that stands still") { strikes.withLock { $0 } == 0 }
        await beat.value
        #expect(journal.count("agent_started", toast) == 0)
        try Signals.send(SIGCONT, to: try #require(stopped.withLock { $0 }))
        try await eventually("the agent, at work") {
          await supervisor.beat()
          return journal.count("agent_ready", toast) == 1
        }
        #expect(town.starts() == 1 && town.running(toast).count == 1)
        #expect(journal.count("crash_detected") == 0)
      }
    }
  }

  @Test func `a server that is killed while an agent is being started costs a start, and nobody runs twice`()
    async throws
  {
    try await LiveTownFixture.with(command: ["striker"]) { town in
      // The pane's parent is the server.
      town.script(
        "striker",
        """
        #!/bin/bash
        echo $$ >>"$LIVE_TOWN/out/$GT_SESSION.starts"
        if [ "$GT_SESSION" = gt-rig-toast ] && mkdir "$LIVE_TOWN/struck" 2>/dev/null; then kill -9 $PPID; fi
        exec sleep 1000
        """)
      try await town.startServer()
      try await town.addPolecats("toast", "nux")
      let server = try #require(town.tmuxServers.first).identity
      try await town.supervised { supervisor, journal in
        try await eventually("everybody on another server", within: .seconds(60), every: .milliseconds(100)) {
          await supervisor.beat()
          return TestFile.exists(town.directory("struck")) && everybody.allSatisfy { town.running($0).count == 1 }
            && !ProcessTable().isRunning(server)
        }
        for _ in 0..<2 { await supervisor.beat() }
        for agent in everybody {
          #expect(town.running(agent).count == 1, "\(agent.address)")
          #expect(journal.count("crash_detected", agent) <= 1, "\(agent.address)")
        }
        #expect(town.tmuxServers.count == 1)
        #expect(await supervisor.health().isWell)
      }
    }
  }

  struct Fault: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// One after the other.
    var scripts: [String]
  }

  static let faults: [Fault] = [
    .init(
      testDescription: "fails, is killed, or says nothing",
      scripts: [
        "exit 1", "echo 'tmux: error while loading shared libraries' >&2; exit 127", "kill -9 $$", "exit 0",
        "echo 'no server running on /tmp/tmux' >&2; exit 1",
      ]),
    .init(
      testDescription: "prints rubbish or megabytes",
      scripts: [
        "head -c 100000 /dev/urandom; exit 0", "head -c 40000000 /dev/zero >&2; exit 1",
        "head -c 40000000 /dev/zero; exit 0",
      ]),
    .init(
      testDescription: "is cut short",
      scripts: [#""$real" "$@" | head -c 150; exit 0"#, #""$real" "$@" | head -n 1; exit 0"#]),
    .init(testDescription: "hangs, and ignores SIGTERM", scripts: ["trap '' TERM; sleep 1000 & wait; wait"]),
  ]

  @Test(arguments: faults) func `a tmux that does not do what it should is nobody's death`(_ fault: Fault) async throws
  {
    try await LiveTownFixture.with(deadline: .seconds(1)) { town in
      try await town.startServer()
      town.wrap("tmux", around: LiveTownFixture.path(of: "tmux"))
      try await town.addPolecats("toast", "nux")
      try await town.supervised { supervisor, journal in
        try await town.settled(supervisor, everybody)
        let before = Dictionary(uniqueKeysWithValues: everybody.map { ($0, town.running($0)) })
        let pid = try #require(before[toast]?.first)

        let clock = ContinuousClock()
        for script in fault.scripts {
          town.strike("tmux", script)
          let took = await clock.measure { await supervisor.beat() }
          #expect(took < .seconds(20), "\(script)")
          for agent in everybody {
            let finding = await supervisor.finding(of: agent)
            #expect(finding?.decision == .unknown, "\(script): \(agent.address): \(finding.map { "\($0)" } ?? "")")
            #expect(town.starts(of: agent) == 1 && town.running(agent) == before[agent], "\(script)")
          }
          #expect(await supervisor.health().isWell, "\(script)")
        }
        #expect(journal.count("crash_detected") == 0)
        // It may be that it is right: then its end is told, and nobody is started in its place.
        kill(pid, SIGKILL)
        await supervisor.beat()
        #expect(town.starts() == 1)

        town.heal("tmux")
        try await eventually("its restart") {
          await supervisor.beat()
          return town.running(toast).count == 1
        }
        #expect(journal.count("crash_detected", toast) == 1 && journal.count("crash_detected") == 1)
        #expect(town.starts() == 2)
        for agent in everybody where agent != toast {
          #expect(town.running(agent) == before[agent] && town.starts(of: agent) == 1)
        }
        for entry in journal.entries { #expect(entry.message.utf8.count < 10_000) }
      }
    }
  }
}
