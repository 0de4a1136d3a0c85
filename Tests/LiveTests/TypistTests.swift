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
      await town.world.screens(of: [toast.session: life])[toast.session].map { PromptState.judge($0) } == .empty
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
        await town.world.screens(of: [toast.session: life])[toast.session]?.rows.contains { $0.contains("Begin.") }
          == true
      }
      try await town.world.begin(toast, life: life)
      #expect(try await town.written("told") == "Begin.\n")
    }
  }

  @Test func `a pane in which somebody reads back is left alone until they are done`() async throws {
    try await with { town, life in
      try await town.tmux("copy-mode", "-t", life.pane)
      #expect(try await town.pane()?.isInMode == true)
      await #expect(throws: Typist.NoPrompt.self) { try await town.world.begin(toast, life: life) }
      #expect(try await town.pane()?.isInMode == true)
      try await town.tmux("copy-mode", "-q", "-t", life.pane)
      try await town.world.begin(toast, life: life)
      #expect(try await town.written("told") == "Begin.\n")
    }
  }

  /// Shows what its first argument draws, with the cursor where that leaves it, and logs each key.
  private static let picture = #"""
    #!/bin/bash
    stty raw -echo
    printf "$1"
    exec cat >"$LIVE_TOWN/out/$GT_SESSION.keys"
    """#

  private func withPicture(
    _ drawing: String, _ body: (LiveTownFixture, ProcessLife) async throws -> Void
  ) async throws {
    try await LiveTownFixture.with(command: ["picture", drawing]) { town in
      town.script("picture", Self.picture)
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await eventually("its picture") { town.has("keys") }
      try await eventually("its screen") {
        await town.world.screens(of: [toast.session: life])[toast.session]?.lastWords(1).isEmpty == false
      }
      try await body(town, life)
    }
  }

  private func keys(_ town: LiveTownFixture) -> String {
    TestFile.text(town.directory("out/\(toast.session).keys")) ?? ""
  }

  @Test(arguments: [
    #"Would you like to run it?\r\n\xe2\x80\xba 1. Yes\r\n  2. No\r\n"#,
    #"Trust this folder?\r\n\xe2\x9d\xaf No, exit\r\n  Yes\r\n\x1b[2;1H"#,
    #"\xe2\x9d\xaf\xc2\xa0\r\n\x1b]2;\xe2\xa0\x8b at work\x07\x1b[1;3H"#, #"Press Enter to continue\r\n"#,
    #"\xe2\x9d\xaf\xc2\xa0half a line"#,
  ])
  func `nothing is typed at a question, at work or at a line that somebody types`(drawing: String) async throws {
    try await withPicture(drawing) { town, life in
      await #expect(throws: Typist.NoPrompt.self) { try await town.world.begin(toast, life: life) }
      #expect(keys(town) == "")
    }
  }

  @Test func `what is not seen on the input line is not submitted, nor typed again and again`() async throws {
    try await withPicture(#"\xe2\x9d\xaf\xc2\xa0"#) { town, life in
      for _ in 1...2 {
        await #expect(throws: Typist.NotSubmitted.self) { try await town.world.begin(toast, life: life) }
      }
      #expect(keys(town) == "Begin.")
    }
  }

  @Test func `what stands there with something else is left, and Enter is not pressed`() async throws {
    try await LiveTownFixture.with(command: ["adder"]) { town in
      // Its line grows by more than what was typed, as where a person types at the same time.
      town.script("adder", Self.interface.replacing("*) text+=$key ;;", with: "B) text+=xB ;; *) text+=$key ;;"))
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      try await ready(town, life)
      await #expect(throws: Typist.NotSubmitted.self) { try await town.world.begin(toast, life: life) }
      let rows = await town.world.screens(of: [toast.session: life])[toast.session]?.rows ?? []
      #expect(rows.contains { $0.contains("xBegin.") } && !town.has("told"))
      // The next look leaves it as it is.
      await #expect(throws: (any Error).self) { try await town.world.begin(toast, life: life) }
      #expect(!town.has("told"))
    }
  }

  @Test(arguments: [("claude", ["--", "Begin."]), ("codex", ["--no-daemon", "--", "Begin."]), ("vibe", ["Begin."])])
  func `programs that take their first prompt as an argument get it at their start`(
    name: String, arguments: [String]
  ) async throws {
    try await LiveTownFixture.with(command: [name]) { town in
      town.script(
        name,
        #"""
        #!/bin/bash
        printf '%s\n' "$@" >"$LIVE_TOWN/out/$GT_SESSION.arguments"
        while printf '> '; read -r line; do echo "$line" >>"$LIVE_TOWN/out/$GT_SESSION.told"; done
        """#)
      try await town.startServer()
      try await town.addPolecats("toast")
      _ = try await town.launch()
      #expect(try await town.written("arguments") == arguments.map { $0 + "\n" }.joined())
      #expect(
        PendingSpawn.of(toast, hook: nil, at: Timestamp(nanoseconds: 0), policy: town.settings.policy).isTold == true)
      #expect(!town.has("told"))
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
      let rows = await town.world.screens(of: [toast.session: next])[toast.session]?.rows ?? []
      #expect(!rows.contains { $0.contains("Begin.") } && !town.has("told"))
    }
  }

  @Test func `who ends between text and Enter is gone, and the next one is not told either`() async throws {
    try await with { town, life in
      let told = Task { try await town.world.begin(toast, life: life) }
      try await eventually("the text") {
        await town.world.screens(of: [toast.session: life])[toast.session]?.rows.contains { $0.contains("Begin.") }
          == true
      }
      try await town.kill(life)
      await #expect(throws: Typist.Gone.self) { try await told.value }
      #expect(!town.has("told"))
    }
  }
}
