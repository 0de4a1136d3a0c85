// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing
import Tmux

@Suite(.requires(executable: "tmux")) struct TypingTests {
  /// A pane whose process writes all that is typed to the file `typed`.
  private func listener(_ tmux: TmuxFixture, _ session: String = "gt-a") async throws -> PaneID {
    let script = "stty raw -echo; : > ready-\(session); exec cat > typed-\(session)"
    let pane = try await tmux.create(session, ["sh", "-c", script], directory: tmux.directory.path)
    try await eventually("raw mode") { TestFile.exists(tmux.directory("ready-\(session)")) }
    return pane.id
  }

  @Test func aHundredKilobytesArriveWhole() async throws {
    try await withTmuxServer { tmux in
      let pane = try await listener(tmux)
      let pieces = ["a", ";", "é", "❯", "\u{A0}", " ", "\n", "\t", "#{pid}", "$(x)", "\\", "'", "~", "Enter", "C-c"]
      var generator = SystemRandomNumberGenerator()
      var text = ""
      while text.utf8.count < 100_000 { text += pieces.randomElement(using: &generator) ?? "" }
      try await tmux.client.type(text, into: pane)
      try await eventually("the text") {
        (TestFile.bytes(tmux.directory("typed-gt-a"))?.count ?? 0) >= text.utf8.count
      }
      try await tmux.client.submit(pane)
      try await eventually("the key") { TestFile.bytes(tmux.directory("typed-gt-a"))?.last == 13 }
      let isWhole = TestFile.text(tmux.directory("typed-gt-a")) == text + "\r"
      #expect(isWhole)
      #expect(try await tmux.tmux("list-buffers").output == "")
    }
  }

  @Test func nothingIsTypedWhileAPersonReadsBack() async throws {
    try await withTmuxServer { tmux in
      let pane = try await listener(tmux)
      let before = try await tmux.client.view(of: pane)
      try await tmux.tmux("copy-mode", "-t", "\(pane)")
      let now = try await tmux.client.view(of: pane)
      #expect(!before.isInMode && now.isInMode)
      for state in [before.state, now.state] {
        let typing = await #expect(throws: TmuxError.self) { try await tmux.client.type("x", into: pane, in: state) }
        let key = await #expect(throws: TmuxError.self) { try await tmux.client.submit(pane, in: state) }
        #expect(typing?.code == .paneHasChanged && key?.code == .paneHasChanged)
      }
      #expect(try await tmux.pane(pane)?.isInMode == true)
      try await tmux.tmux("copy-mode", "-q", "-t", "\(pane)")
      try await tmux.client.type("y", into: pane, in: before.state)
      try await eventually("the text") { TestFile.text(tmux.directory("typed-gt-a")) == "y" }
      #expect(try await tmux.tmux("list-buffers").output == "")
    }
  }

  /// A question that comes up after the look is not answered: where its cursor stands, what it shows, or its title
  /// tells it from the prompt.
  @Test(arguments: [
    "'\\033[5;1H'", "'\\033[3;1H\\342\\200\\272 1. Yes\\033[1;3H'", "'\\033[2;1Hesc to interrupt\\033[1;3H'",
    "'\\033]2;[ ! ] Action Required\\007'", "'\\033]2;\\342\\240\\213 at work\\007'", "'\\033[?1049h\\033[1;3H'",
    "'\\033[1;1Hx \\033[1;3H'",
  ])
  func nothingIsTypedWhereThePaneHasChangedSinceTheLook(change: String) async throws {
    try await withTmuxServer { tmux in
      let script = """
        stty raw -echo; printf '\\342\\235\\257\\302\\240'; : > ready
        while [ ! -e change ]; do sleep 0.05; done; printf \(change); : > changed; exec cat > typed
        """
      let pane = try await tmux.create("gt-a", ["sh", "-c", script], directory: tmux.directory.path).id
      try await eventually("its prompt") {
        try await tmux.client.view(of: pane).rows.first == "❯\u{A0}" && TestFile.exists(tmux.directory("ready"))
      }
      let seen = try await tmux.client.view(of: pane)
      #expect(seen.column == 2 && seen.row == 0)
      TestFile.write("", to: tmux.directory("change"))
      try await eventually("the change") {
        let now = try await tmux.client.view(of: pane)
        return TestFile.exists(tmux.directory("typed")) && now.state != seen.state
      }
      let typing = await #expect(throws: TmuxError.self) { try await tmux.client.type("x", into: pane, in: seen.state) }
      let key = await #expect(throws: TmuxError.self) { try await tmux.client.submit(pane, in: seen.state) }
      #expect(typing?.code == .paneHasChanged && key?.code == .paneHasChanged)
      try await tmux.client.type("y", into: pane, in: try await tmux.client.view(of: pane).state)
      try await eventually("what was meant") { TestFile.text(tmux.directory("typed")) == "y" }
    }
  }

  @Test func whatIsFaintIsToldFromWhatIsTyped() async throws {
    try await withTmuxServer { tmux in
      let script =
        #"printf '\033]2;a title, with } and #x\007\033[1m>\033[0m \033[2mA hint\033[0m\n\n> \033[38;5;2mtyped\033[0m'; exec sleep 1000"#
      let pane = try await tmux.create("gt-a", ["sh", "-c", script]).id
      try await eventually("its rows") { try await tmux.client.view(of: pane).rows.contains("> typed") }
      let view = try await tmux.client.view(of: pane)
      #expect(view.rows.prefix(4) == ["> A hint", "", "> typed", ""])
      #expect(view.bright.prefix(4) == [">", "", "> typed", ""])
      #expect(view.column == 7 && view.row == 2 && view.title == "a title, with } and #x" && !view.isInMode)
      #expect(try await tmux.client.views(of: [PaneID(number: 999)]).isEmpty)
    }
  }

  /// The programs of agents ask for pastes in brackets; no text may close the bracket itself.
  @Test func pastesAreInBracketsWhereTheProgramAsks() async throws {
    try await withTmuxServer { tmux in
      let script = "stty raw -echo; printf '\\033[?2004h'; : > ready; exec cat > typed"
      let pane = try await tmux.create("gt-a", ["sh", "-c", script], directory: tmux.directory.path)
      try await eventually("raw mode") { TestFile.exists(tmux.directory("ready")) }
      try await Task.sleep(for: .milliseconds(200))
      try await tmux.client.type("a\u{1B}[201~b", into: pane.id)
      try await eventually("the paste") {
        TestFile.text(tmux.directory("typed")) == "\u{1B}[200~a[201~b\u{1B}[201~"
      }
    }
  }

  /// A paste into a dead pane ends tmux 3.3a, all its sessions with it.
  @Test func nothingIsTypedToTheDeadAndTheServerLives() async throws {
    try await withTmuxServer { tmux in
      let living = try await listener(tmux, "gt-b")
      let dead = try await tmux.create("gt-a", ["true"])
      _ = try await tmux.death(of: dead.id)
      for (pane, code) in [(dead.id, TmuxError.Code.paneIsDead), (PaneID(number: 999), .noSuchTarget)] {
        let typing = await #expect(throws: TmuxError.self) { try await tmux.client.type("x", into: pane) }
        #expect(typing?.code == code)
        let submission = await #expect(throws: TmuxError.self) { try await tmux.client.submit(pane) }
        #expect(submission?.code == code)
      }
      try await tmux.client.type("", into: living)
      try await tmux.client.type("y", into: living)
      try await eventually("the text") { TestFile.text(tmux.directory("typed-gt-b")) == "y" }
      #expect(try await tmux.client.panes().identity == tmux.identity)
      #expect(try await tmux.tmux("list-buffers").output == "")
    }
  }

  @Test func textFromManyAtOnceDoesNotMix() async throws {
    try await withTmuxServer { tmux in
      var panes: [PaneID] = []
      for number in 0..<8 { panes.append(try await listener(tmux, "gt-\(number)")) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (number, pane) in panes.enumerated() {
          group.addTask { try await tmux.client.type(String(repeating: "\(number)", count: 20_000), into: pane) }
        }
        try await group.waitForAll()
      }
      for number in 0..<8 {
        try await eventually("the text") {
          TestFile.text(tmux.directory("typed-gt-\(number)")) == String(repeating: "\(number)", count: 20_000)
        }
      }
    }
  }
}
