// SPDX-License-Identifier: Apache-2.0

import Processes
import Supervision
import TestSupport
import Testing
import Tmux
import Town

/// Telling agents to begin, at the prompts of real terminals.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct TypistTests {
  private let toast = LiveTownFixture.toast

  /// A text interface: raw terminal, a box around its prompt, lines below it, and it forgets as many
  /// Enters as its first argument says. Each line that is submitted is logged.
  private static let interface = #"""
    #!/bin/bash
    stty raw -echo
    out=$LIVE_TOWN/out/$GT_SESSION
    text= deaf=${1:-0}
    draw() {
      printf '\e[2J\e[H  a stand-in with a screen\r\n\r\n'
      printf '╭──────────────────╮\r\n│ ❯\xc2\xa0%s\r\n╰──────────────────╯\r\n' "$text"
      printf '  ? for shortcuts\r\n  0 tokens\r\n'
    }
    draw
    while IFS= read -r -d '' -n 1 key; do
      case $key in
      $'\r' | $'\n') if [ "$deaf" -gt 0 ]; then deaf=$((deaf - 1)); else printf '%s\n' "$text" >>"$out.told"; text=; fi ;;
      *) text+=$key ;;
      esac
      draw
    done
    """#

  private func with(deaf: Int = 0, _ body: (LiveTownFixture, ProcessLife) async throws -> Void) async throws {
    try await LiveTownFixture.with(command: ["interface", "\(deaf)"]) { town in
      town.script("interface", Self.interface)
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await ready(town, life)
      try await body(town, life)
    }
  }

  private func ready(_ town: LiveTownFixture, _ life: ProcessLife) async throws {
    try await eventually("its prompt") {
      let screens = await town.world.screens(of: [toast.session: life])
      return Readiness.judge(screens[toast.session] ?? []) == .ready
    }
  }

  @Test func `it is told to begin, once`() async throws {
    try await with { town, life in
      #expect(Terminal.collectsLines(of: life.process) == false)
      try await town.world.begin(toast, life: life)
      #expect(try await town.written("told") == "Begin.\n")
    }
  }

  @Test(arguments: [1, 2])
  func `an Enter that is swallowed is pressed again`(deaf: Int) async throws {
    try await with(deaf: deaf) { town, life in
      try await town.world.begin(toast, life: life)
      #expect(try await town.written("told") == "Begin.\n")
    }
  }

  @Test func `one that takes no Enter is an error`() async throws {
    try await with(deaf: 100) { town, life in
      await #expect(throws: Typist.NotSubmitted.self) { try await town.world.begin(toast, life: life) }
      #expect(!town.has("told"))
    }
  }

  @Test func `what an earlier daemon has typed is submitted, not typed again`() async throws {
    try await with { town, life in
      try await town.client.type("Begin.", into: try #require(PaneID(life.pane)))
      try await eventually("the text") {
        await town.world.screens(of: [toast.session: life])[toast.session]?.contains { $0.contains("Begin.") } == true
      }
      try await town.world.begin(toast, life: life)
      #expect(try await town.written("told") == "Begin.\n")
    }
  }

  @Test func `a pane in which somebody reads back is typed at all the same`() async throws {
    try await with { town, life in
      try await town.tmux("copy-mode", "-t", life.pane)
      #expect(try await town.pane()?.isInMode == true)
      try await town.world.begin(toast, life: life)
      #expect(try await town.written("told") == "Begin.\n")
    }
  }

  @Test func `one that reads lines is told once`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await ready(town, life)
      #expect(Terminal.collectsLines(of: life.process) == true)
      try await town.world.begin(toast, life: life)
      // The file is there before its words are.
      let told: String = try await eventually("its words") {
        let text = try await town.written("told")
        return text.hasSuffix("\n") ? text : nil
      }
      #expect(told == "Begin.\n")
    }
  }

  @Test func `who has ended is told nothing, nor is who came after`() async throws {
    try await with { town, life in
      try await town.kill(life)
      await #expect(throws: Typist.Gone.self) { try await town.world.begin(toast, life: life) }
      let corpse = try #require(try await town.liveness().corpse)
      let next = try await town.launch(at: .deadPane(server: corpse.server, pane: corpse.pane))
      try await ready(town, next)
      await #expect(throws: Typist.Gone.self) { try await town.world.begin(toast, life: life) }
      let screen = await town.world.screens(of: [toast.session: next])[toast.session] ?? []
      #expect(!screen.contains { $0.contains("Begin.") } && !town.has("told"))
    }
  }

  @Test func `who ends between text and Enter is gone, and the next one is not told either`() async throws {
    try await with { town, life in
      let told = Task { try await town.world.begin(toast, life: life) }
      try await eventually("the text") {
        await town.world.screens(of: [toast.session: life])[toast.session]?.contains { $0.contains("Begin.") } == true
      }
      try await town.kill(life)
      await #expect(throws: Typist.Gone.self) { try await told.value }
      #expect(!town.has("told"))
    }
  }
}
