// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing

@testable import Tmux

/// How words are written for control mode: what tmux's own parser makes of them is what went in.
@Suite(.requires(executable: "tmux")) struct ControlLineTests {
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
    "%begin 1 2 1", "%end 1 2 1", "\n", "\r", "\t", "\u{1B}[31m", "\u{7F}", "\u{1}", " ", "a", "é", "\u{A0}❯", "🐝",
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
      try await withControl(tmux) { control in
        for (number, word) in words.enumerated() {
          let answer = try await control.run([["set-option", "-s", "@w\(number)", word]])
          guard case .answered(let result) = answer else { throw NotInTime(description: "\(answer)") }
          #expect(result.succeeded, "\(word.debugDescription): \(result.errors)")
        }
      }
      for (number, word) in words.enumerated() {
        let shown = try await tmux.tmux("show-options", "-s", "-v", "@w\(number)").standardOutput
        #expect(String(decoding: shown.dropLast(), as: UTF8.self) == word)
      }
    }
  }

  /// The same words as arguments of a process, several in one line, with other commands around.
  @Test func aProcessGetsItsWords() async throws {
    try await withTmuxServer { tmux in
      let witness = Witness(in: tmux.directory)
      let words = Array(Self.words.prefix(300))
      try await withControl(tmux) { control in
        let answer = try await control.run([
          ["display-message", "-p", "before;"],
          ["new-session", "-d", "-s", "gt-a", "-c", "/", "-e", "OUT=\(tmux.directory("out"))", witness.path] + words,
          ["display-message", "-p", "after"],
        ])
        guard case .answered(let result) = answer else { throw NotInTime(description: "\(answer)") }
        #expect(result == .printing("before;\nafter\n"))
      }
      #expect(try await witness.testimony("out").arguments == words)
    }
  }

  @Test func aLineIsOneLine() {
    for word in Self.words {
      #expect(!ControlLine.encoded(word).contains { $0.isNewline && $0 != "\u{85}" })
    }
    #expect(ControlLine.text(of: [["a", "b c"], ["~\n"]]) == #"'a' 'b c' ; "\176\012""#)
    #expect(String(decoding: ControlLine.request([["x"]], token: "t"), as: UTF8.self) == "'x'\ndisplay-message -p t\n")
  }
}
