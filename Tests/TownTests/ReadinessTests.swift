// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct ReadinessTests {
  @Test(arguments: [
    ["❯\u{A0}"], ["❯"], ["❯\u{A0}Try \"fix the tests\""], ["› "], ["›"], ["› Ask Codex"], [">"], ["> "],
    ["> Type a message"],
    ["╭────╮", "│ >  │", "╰────╯", "  ? for shortcuts"], ["│\u{A0}>\u{A0}Try \"edit\"  │"], ["│ ❯\u{A0}   │"],
    ["Welcome", "", "❯\u{A0}", "────", "  auto mode", "", "", ""],
  ])
  func `an agent that shows its prompt is ready`(lines: [String]) {
    #expect(Readiness.judge(lines) == .ready)
  }

  @Test(arguments: [
    [], ["", "  "], ["Loading…"], ["$ "], ["a > b"], ["->"], [">>> "], ["❯❯"],
    ["❯ 1. Yes, I trust this folder", "  2. No"],
    ["❯ Dark mode"], ["> "] + (1...10).map { "line \($0)" },
  ])
  func `without a prompt near the end it is not, and a menu is no prompt`(lines: [String]) {
    #expect(Readiness.judge(lines) == .notYet)
  }

  @Test(arguments: [["✻ Thinking… (esc to interrupt)", "", "❯\u{A0}"], ["› ", "Esc to interrupt"]])
  func `one that is at work is busy, prompt or not`(lines: [String]) {
    #expect(Readiness.judge(lines) == .busy)
  }

  /// A line of quoted Markdown looks just like a plain prompt; only agents with such a prompt suffer.
  @Test func `a quotation at the end of the screen is taken for a prompt (known)`() {
    withKnownIssue { #expect(Readiness.judge(["> quoted text"]) == .notYet) }
  }

  @Test func `text is still typed only on the last input line`() {
    #expect(Readiness.isStillTyped("Begin.", lines: ["❯\u{A0}Begin.", ""]))
    #expect(Readiness.isStillTyped("Begin. Now", lines: ["│ > Begin.\u{A0}Now │"]))
    #expect(!Readiness.isStillTyped("Begin.", lines: ["❯\u{A0}Begin.", "● At once.", "❯\u{A0}"]))
    #expect(!Readiness.isStillTyped("Begin.", lines: ["Begin."]))
  }
}
