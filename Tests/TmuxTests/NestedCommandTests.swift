// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing

@testable import Tmux

/// How commands are written for `if-shell`: what tmux's own parser makes of their words is what went in.
@Suite(.requires(executable: "tmux")) struct NestedCommandTests {
  /// From a fixed seed, so that a failure can be repeated.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  private static let pieces = [
    "'", "\"", "\\", "$", "$HOME", "${HOME}", "~", "~root", "{", "}", ";", "\\;", "#", "#{pid}", "#(id)", "##", "%if",
    "%begin 1 2 1", "%1", "%%", "\n", "\r", "\t", "\u{1B}[31m", "\u{7F}", "\u{1}", " ", "a", "é", "\u{A0}❯", "🐝",
    "=", "-x", "--", "`id`", "$(id)", "|", "&", "!", "\\033", "\\n", "\\u00e9", "!!", "*", "[x]", "1",
  ]

  private static var words: [String] {
    var generator = Generator()
    return [""] + pieces
      + (0..<600).map { _ in
        (0..<Int.random(in: 1...6, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
          .joined()
      }
  }

  /// A user option takes any text, and `show-options -v` is asked by a client of its own for its value.
  @Test func tmuxReadsEveryWordAsItWas() async throws {
    try await withTmuxServer { tmux in
      let words = Self.words
      for start in stride(from: 0, to: words.count, by: 50) {
        let numbers = start..<min(start + 50, words.count)
        let nested = TmuxArgument.nested(numbers.map { ["set-option", "-s", "@w\($0)", words[$0]] })
        _ = try await tmux.client.call("x", [["if-shell", "-F", "1", nested]])
      }
      for (number, word) in words.enumerated() {
        let shown = try await tmux.tmux("show-options", "-s", "-v", "@w\(number)").standardOutput
        #expect(String(decoding: shown.dropLast(), as: UTF8.self) == word)
      }
    }
  }

  /// The same words as arguments of a process that is started in a dead pane.
  @Test func aProcessGetsItsWords() async throws {
    try await withTmuxServer { tmux in
      let witness = Witness(in: tmux.directory)
      let words = Array(Self.words.prefix(300))
      let pane = try await tmux.create("gt-a", ["true"])
      _ = try await tmux.death(of: pane.id)
      let process = PaneProcess(
        directory: tmux.directory.makeDirectory("a 'b' #{pid} $HOME"),
        environment: ["OUT": tmux.directory("out"), "V_X": "it's #(id) $HOME ; ~ \u{1B}"], argv: [witness.path] + words)
      let mark = try #require(PaneMark("m2"))
      let again = try await tmux.client.respawn(pane.id, process, mark: mark, on: tmux.identity.pid)
      #expect(again.id == pane.id && again.server == tmux.identity)
      let testimony = try await witness.testimony("out")
      #expect(testimony.arguments == words && testimony.environment == process.environment.filter { $0.key != "OUT" })
      #expect(testimony.directory == process.directory)
      let seen = try #require(try await tmux.pane(pane.id))
      #expect(seen.pid == again.pid && seen.mark == mark)
      let error = await #expect(throws: TmuxError.self) {
        try await tmux.client.respawn(pane.id, process, on: tmux.identity.pid)
      }
      #expect(error?.code == .paneIsAlive)
    }
  }

  @Test func aPaneOfAnotherLifeOfTheServerIsLeftAlone() async throws {
    try await withTmuxServer { tmux in
      let pane = try await tmux.create("gt-a", ["true"])
      _ = try await tmux.death(of: pane.id)
      let process = PaneProcess(directory: "/", argv: ["sleep", "1000"])
      let error = await #expect(throws: TmuxError.self) {
        try await tmux.client.respawn(pane.id, process, on: tmux.identity.pid + 1)
      }
      #expect(error?.code == .otherServer)
      #expect(try await tmux.pane(pane.id)?.isDead == true)
      let missing = await #expect(throws: TmuxError.self) {
        try await tmux.client.respawn(PaneID(number: 99), process, on: tmux.identity.pid)
      }
      #expect(missing?.code == .noSuchTarget)
    }
  }

  @Test func aLineIsOneLine() {
    for word in Self.words { #expect(!TmuxArgument.quoted(word).contains { $0.isNewline && $0 != "\u{85}" }) }
    #expect(TmuxArgument.nested([["a", "b c"], ["~\n"]]) == #"'a' 'b c' ; "\176\012""#)
  }
}
