// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Glibc
import Processes
import Supervision
import TestSupport
import Testing
import Town
import TownFiles

/// What happens to a whole town whose `bd` is at fault. What the store makes of each fault is in `BdFaultTests`.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(3))) struct BdStormTests {
  private let toast = LiveTownFixture.toast
  private let nux = AgentIdentity.polecat(rig: LiveTownFixture.rig, name: "nux")
  private let witness = AgentIdentity.witness(rig: LiveTownFixture.rig)
  private var everybody: [AgentIdentity] { [toast, nux, witness, .deacon] }

  struct Fault: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// One after the other.
    var scripts: [String]
    /// Whether the answer is whole all the same.
    var isHarmless = false
  }

  static let faults: [Fault] = [
    .init(
      testDescription: "fails, or is killed",
      scripts: [1, 2, 3, 126, 127, 255].map { "exit \($0)" } + [
        "kill -9 $$", "ulimit -c 0; kill -SEGV $$", "echo 'Error: database is locked' >&2; exit 1",
      ]),
    .init(
      testDescription: "prints megabytes",
      scripts: [
        "head -c 60000000 /dev/zero | tr '\\0' '['; exit 0", "exec cat /dev/zero",
        #"head -c 60000000 /dev/zero >&2; exec "$real" "$@""#, "yes no | head -c 12000000 >&2; exit 1",
      ]),
    .init(
      testDescription: "warns in 6 MB of lines", scripts: [#"yes no | head -c 6000000 >&2; exec "$real" "$@""#],
      isHarmless: true),
    .init(
      testDescription: "prints half of it, nothing, no UTF-8 or brackets",
      scripts: [
        "exit 0", #""$real" "$@" | tr 'ae' '\377\300'; exit 0"#, "head -c 100000 /dev/zero | tr '\\0' '['; exit 0",
        #""$real" "$@" | head -c 300; exit 0"#,
      ]),
    .init(
      testDescription: "hangs with its children", scripts: ["trap '' TERM; echo $$ >>$LIVE_TOWN/hung; sleep 1000"]),
  ]

  @Test(arguments: faults) func `a bd at fault costs no agent anything, and who dies meanwhile is back when it is well`(
    _ fault: Fault
  ) async throws {
    try await LiveTownFixture.with { town in
      let rig = LiveTownFixture.rig
      for agent in [toast, nux] { try Disk.makeDirectory(town.layout.directory(of: agent)) }
      let beads = [toast, nux].map {
        BdTown.agent($0.bead, role: "polecat", rig: rig, state: "working", hook: "gt-w\($0.name ?? "")")
      }
      let bd = try BdTown(
        town, databases: [".": ("gt", beads)], isInstalled: false, deadline: .seconds(2))
      town.wrap("bd", around: builtExecutable("bd-stand-in"))
      try await town.startServer()
      try await town.supervised(store: bd.store) { supervisor, journal in
        try await town.settled(supervisor, everybody)
        let before = Dictionary(uniqueKeysWithValues: everybody.map { ($0, town.running($0)) })
        let pid = try #require(before[toast]?.first)

        let clock = ContinuousClock()
        for script in fault.scripts {
          town.strike("bd", script)
          let took = await clock.measure { await supervisor.beat() }
          #expect(took < .seconds(20), "\(script)")
          #expect(await supervisor.status().troubles.isEmpty == fault.isHarmless, "\(script)")
        }
        #expect(journal.count("store_unavailable") > 0 || fault.isHarmless)
        kill(pid, SIGKILL)
        if !fault.isHarmless {
          try await eventually("its death, which is not answered") {
            await supervisor.beat()
            return await supervisor.finding(of: toast)?.decision == .unknown
              && journal.count("crash_detected", toast) == 1
          }
          #expect(town.starts() == 1)
        }
        #expect(await supervisor.health().isWell)
        for agent in everybody where agent != toast { #expect(town.running(agent) == before[agent]) }
        #expect(try bd.beads() == beads)
        for line in (TestFile.text(town.directory("hung")) ?? "").split(separator: "\n") {
          let hung = try #require(Int32(line))
          try await eventually("the end of what hung") { kill(hung, 0) != 0 }
        }

        town.heal("bd")
        await supervisor.beat()
        try await eventually("its restart") { journal.count("agent_restarted", toast) == 1 && town.starts() == 2 }
        #expect(journal.count("crash_detected") == 1)
        #expect(await supervisor.status().troubles.isEmpty)
        for agent in everybody where agent != toast {
          #expect(town.running(agent) == before[agent] && town.starts(of: agent) == 1)
        }
        for entry in journal.entries { #expect(entry.message.utf8.count < 10_000) }
        #expect(!town.processes.contains { ["sleep", "yes", "head", "tr"].contains($0.name) })
      }
    }
  }
}
