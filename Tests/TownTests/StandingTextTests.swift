// SPDX-License-Identifier: Apache-2.0

import Testing
@testable import Town

/// Enter is pressed only where the input line holds exactly what was typed.
@Suite struct StandingTextTests {
  private func stands(_ text: String, _ rows: [String], at column: Int, _ row: Int, readsLines: Bool = false) -> Bool {
    StandingText.isExactly(text, on: PaneScreen(rows: rows, column: column, row: row), readsLines: readsLines)
  }

  @Test func `the text alone behind the marker stands, more or less does not`() {
    let edge = String(repeating: "─", count: 40)
    #expect(stands("Begin.", [edge, "❯\u{A0}Begin.", edge, "  footer"], at: 8, 1))
    #expect(!stands("Begin.", [edge, "❯\u{A0}x Begin.", edge], at: 10, 1))
    #expect(!stands("Begin.", [edge, "❯\u{A0}Begin.Begin.", edge], at: 14, 1))
    #expect(!stands("Begin.", [edge, "❯\u{A0}Begin", edge], at: 7, 1))
    #expect(!stands("Begin.", [edge, "❯\u{A0}", edge], at: 2, 1))
    // It was submitted, and stands above.
    #expect(!stands("Begin.", ["❯\u{A0}Begin.", "", "● ok", edge, "❯\u{A0}", edge], at: 2, 4))
  }

  @Test func `a text over several rows stands, wrapped or with line breaks of its own`() {
    #expect(stands("one two three four", ["› one two", "  three four", "", "  model"], at: 12, 1))
    #expect(stands("one\n> two\n  three", ["› one", "  > two", "    three", "", "  model"], at: 9, 2))
    #expect(!stands("one two three", ["› one two", "  three four", "", "  model"], at: 12, 1))
    #expect(!stands("two three", ["› one", "  two", "  three"], at: 7, 2))
  }

  @Test func `below a hidden cursor the last input line counts up to its edge`() {
    let box = ["╭──────────╮", "│ ❯\u{A0}Begin. │", "╰──────────╯", "  ? for shortcuts"]
    #expect(stands("Begin.", box, at: 0, 4))
    let rows = ["────────", "❯\u{A0}a long", "  text here", "────────", "  footer"]
    #expect(stands("a long text here", rows, at: 0, 5))
    #expect(!stands("a long", rows, at: 0, 5) && !stands("a long text", rows, at: 0, 5))
  }

  @Test func `a mark stands for a paste of just this length`() {
    let five = "1\n2\n3\n4\n5"
    #expect(stands(five, ["❯\u{A0}[Pasted text #1 +4 lines]"], at: 27, 0))
    #expect(stands(five, ["❯\u{A0}[Pasted text #12 +4 lines]", "────────", "x"], at: 0, 3))
    #expect(!stands(five, ["❯\u{A0}[Pasted text #1 +5 lines]"], at: 27, 0))
    #expect(!stands(five, ["❯\u{A0}x [Pasted text #1 +4 lines]"], at: 29, 0))
    #expect(!stands(five, ["❯\u{A0}[Pasted text #1 +4 lines][Pasted text #2 +4 lines]"], at: 52, 0))
    let long = String(repeating: "word ", count: 300)
    #expect(stands(long, ["› [Pasted Content 1500 chars]"], at: 29, 0))
    #expect(!stands(long, ["› [Pasted Content 1501 chars]"], at: 29, 0))
  }

  @Test func `a text that is longer than the screen fills it`() {
    let rows = (1...20).map { "line \($0) of a long text" }
    let text = "before\n" + rows.joined(separator: "\n")
    #expect(stands(text, rows, at: 10, 19))
    #expect(!stands(text, ["another"] + rows.dropFirst(), at: 10, 19))
    #expect(!stands(text + "x", rows, at: 10, 19))
  }

  @Test func `an input line that scrolls holds a text whose end fills it`() {
    let rows = (11...22).map { $0 == 11 ? "› 11" : "  \($0)" } + ["", "  model"]
    let text = (1...22).map(String.init).joined(separator: "\n")
    #expect(stands(text, rows, at: 4, 11))
    #expect(stands(text, ["› 11                  ↑"] + rows.dropFirst(), at: 4, 11))
    #expect(!stands(text, ["› x 11"] + rows.dropFirst(), at: 4, 11))
    // Too little to prove it.
    #expect(!stands(text, ["› 21", "  22"], at: 4, 1))
    #expect(stands("1\n2\n", ["› 1", "  2", "", "", "  model"], at: 2, 2))
  }

  @Test func `of a terminal that collects lines the last line counts, behind the prompt or below it`() {
    #expect(stands("Begin.", ["> Begin."], at: 8, 0, readsLines: true))
    #expect(stands("Begin.", [">", "Begin."], at: 6, 1, readsLines: true))
    #expect(stands("one\nlast", ["> one", "last"], at: 4, 1, readsLines: true))
    #expect(!stands("Begin.", ["> x Begin."], at: 10, 0, readsLines: true))
    #expect(!stands("Begin.", ["> Begin.", "> "], at: 2, 1, readsLines: true))
    #expect(!stands("Begin.", [">", "Begin.", ""], at: 0, 2, readsLines: true))
  }

  @Test func `in a pane that is read back in nothing stands`() {
    #expect(
      !StandingText.isExactly("x", on: PaneScreen(rows: ["> x"], column: 3, row: 0, title: "", isInMode: true)))
  }
}
