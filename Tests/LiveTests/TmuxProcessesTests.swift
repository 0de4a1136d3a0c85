// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// What a restart costs: each tmux process on its way is some milliseconds.
@Suite("A restart takes few tmux processes", .requires(executable: "tmux"), .timeLimit(.minutes(2)))
struct TmuxProcessesTests {
  private let toast = LiveTownFixture.toast

  @Test func `a look, the last words, and a start that says where it was`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.supervised { supervisor, journal in
        try await town.settled(supervisor, [toast])
        let life = try #require(try await town.liveness().life)
        try await eventually("nothing is under way") {
          try TownRecords(layout: town.layout).pendingSpawns().isEmpty
        }
        town.runner.reset()
        try await town.kill(life)
        try await eventually("its successor") { town.starts() == 2 }
        try await eventually("it is recorded") { journal.count("agent_restarted", toast) == 1 }
        let words = town.runner.commands.filter { $0.executable == "tmux" }.map { $0.arguments.dropFirst(2) }
        let start = try #require(words.firstIndex { $0.contains { $0.contains("respawn-pane") } })
        // A look may have to be repeated, where tmux has not noticed the death yet.
        let looks = words[..<start].filter { $0.contains("list-panes") }
        let captures = words[..<start].filter { $0.contains { $0.contains("capture-pane") } }
        #expect(looks.count >= 1 && captures.count == 1)
        #expect(looks.count + captures.count == start, "\(words[..<start])")
        #expect(!words[start...].dropFirst().contains { $0.last == PaneListing.serverFormat }, "\(words)")
        let shelf = CrashCapsules(layout: town.layout)
        let capsule = try shelf.read(try #require(try shelf.ids().first))
        #expect(capsule.lastWords.value?.first == "a stand-in agent")
      }
    }
  }
}
