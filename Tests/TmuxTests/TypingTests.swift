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

  @Test(arguments: [false, true]) func aHundredKilobytesArriveWhole(lasting: Bool) async throws {
    try await withTmuxServer(lasting: lasting) { tmux in
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

  @Test(arguments: [false, true]) func copyModeIsLeftFirst(lasting: Bool) async throws {
    try await withTmuxServer(lasting: lasting) { tmux in
      let pane = try await listener(tmux)
      try await tmux.tmux("copy-mode", "-t", "\(pane)")
      #expect(try await tmux.pane(pane)?.isInMode == true)
      try await tmux.client.type("x", into: pane)
      try await tmux.tmux("copy-mode", "-t", "\(pane)")
      try await tmux.client.submit(pane)
      try await eventually("both") { TestFile.text(tmux.directory("typed-gt-a")) == "x\r" }
      #expect(try await tmux.pane(pane)?.isInMode == false)
    }
  }

  /// The programs of agents ask for pastes in brackets; no text may close the bracket itself.
  @Test(arguments: [false, true]) func pastesAreInBracketsWhereTheProgramAsks(lasting: Bool) async throws {
    try await withTmuxServer(lasting: lasting) { tmux in
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
  @Test(arguments: [false, true]) func nothingIsTypedToTheDeadAndTheServerLives(lasting: Bool) async throws {
    try await withTmuxServer(lasting: lasting) { tmux in
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

  @Test(arguments: [false, true]) func textFromManyAtOnceDoesNotMix(lasting: Bool) async throws {
    try await withTmuxServer(lasting: lasting) { tmux in
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
