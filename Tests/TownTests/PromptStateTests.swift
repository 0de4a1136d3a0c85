// SPDX-License-Identifier: Apache-2.0

import Testing
@testable import Town

/// What typing would meet, on screens that real agents have shown.
@Suite struct PromptStateTests {
  private static let questions: Set<String> = [
    "claude/api-key-question", "claude/bypass-warning", "claude/dialog-login", "claude/dialog-resume",
    // A key would end the wait for the limit's reset.
    "claude/err-limit-subscription", "claude/permission-question", "claude/security-notes", "claude/theme",
    "claude/trust", "codex/first-start-login", "codex/login-after-begin", "codex/permission-question", "codex/trust",
    "drawn/folder-trust", "drawn/hooks-review", "drawn/permission", "drawn/sign-in", "drawn/trust-claude",
    "drawn/trust-plain", "drawn/update-menu",
  ]
  private static let working: Set<String> = [
    "claude/err-401", "claude/err-429retry", "claude/err-500", "codex/err-401", "codex/err-429", "codex/err-500",
  ]

  private static func isBusy(_ name: String) -> Bool { name.contains("busy") || working.contains(name) }
  private static func isTyped(_ name: String) -> Bool { name.hasSuffix("/typed") }

  @Test(arguments: RecordedScreens.names)
  func `a recorded screen is taken for what it is`(name: String) throws {
    let state = PromptState.judge(try RecordedScreens.screen(name))
    switch state {
    case .empty: #expect(!Self.questions.contains(name) && !Self.isBusy(name) && !Self.isTyped(name))
    case .busy(_, let takesInput):
      #expect(Self.isBusy(name))
      #expect(
        takesInput == (!name.hasSuffix("typing") && !name.hasSuffix("busy-typed") && name != "drawn/busy-spinner"))
    case .typed(let text): #expect(Self.isTyped(name) && text == "Begin.")
    case .question: #expect(Self.questions.contains(name))
    case .inMode, .none: Issue.record("\(state)")
    }
  }

  @Test func `there are screens`() {
    #expect(RecordedScreens.names.count > 60)
  }

  /// A title is not there everywhere: programs leave it out, and people set their own.
  @Test(arguments: RecordedScreens.names.filter { isBusy($0) || questions.contains($0) })
  func `neither work nor a question needs its title to be known`(name: String) throws {
    var screen = try RecordedScreens.screen(name)
    screen.title = "host"
    switch PromptState.judge(screen) {
    case .empty:
      // Codex says nothing else while it waits for a first word.
      Issue.record("it is taken for a prompt")
    case .busy, .typed, .question, .inMode, .none: break
    }
  }

  /// No cursor makes a question a prompt.
  @Test(arguments: questions.sorted())
  func `wherever its cursor stands, a question is no prompt`(name: String) throws {
    var screen = try RecordedScreens.screen(name)
    guard name != "claude/err-limit-subscription" else { return }
    for row in 0...screen.rows.count {
      for column in 0...6 {
        (screen.row, screen.column) = (row, column)
        let state = PromptState.judge(screen)
        // What stands in the history is behind the question.
        #expect(state != .empty || row < screen.rows.count - 8, "\(column), \(row)")
      }
    }
  }

  @Test(arguments: RecordedScreens.names)
  func `a pane that somebody reads back in is not typed at`(name: String) throws {
    var screen = try RecordedScreens.screen(name)
    screen.isInMode = true
    #expect(PromptState.judge(screen) == .inMode)
  }

  @Test(arguments: [["❯\u{A0}"], ["› "], ["> "], ["│ > "], ["Welcome", "", "❯\u{A0}"], ["> quoted", "> "]])
  func `the cursor behind an empty marker is a prompt`(lines: [String]) {
    #expect(PromptState.judge(PaneScreen(printed: lines)) == .empty)
    #expect(PromptState.isCertain(PaneScreen(printed: lines)))
  }

  @Test(arguments: [["❯\u{A0}"], ["›"], [">"], ["╭────╮", "│ >  │", "╰────╯", "  ? for shortcuts"], ["Welcome", ">"]])
  func `below a hidden cursor the last empty input line is a prompt, and not a certain one`(lines: [String]) {
    let screen = PaneScreen(printed: lines + [""])
    #expect(PromptState.judge(screen) == .empty && !PromptState.isCertain(screen))
  }

  @Test(arguments: [
    [], ["", "  "], ["Loading…"], ["$ "], ["a > b"], ["->"], [">>> "], ["❯❯"], [">"], ["❯"],
    ["❯ Dark mode", ""], ["❯ Dark mode", "  Light mode", ""], ["> agent@1.0.0 start", "> node agent.js", "", ""],
    ["> "] + (1...10).map { "line \($0)" } + [""], ["> quoted text"],
    ["> Yes", "  No", "", "Press enter to continue", ""],
    ["Overwrite? (y/n)", "> ", ""], ["> "] + [""] + ["loading"], ["> ", "printed since", "and more"],
  ])
  func `all else is none`(lines: [String]) {
    #expect(PromptState.judge(PaneScreen(printed: lines)) != .empty)
  }

  @Test func `a hint is faint, and what a person has typed is not`() {
    let row = "› Ask for anything"
    func judge(bright: String?, column: Int = 2) -> PromptState {
      PromptState.judge(PaneScreen(rows: [row], bright: bright.map { [$0] }, column: column, row: 0))
    }
    #expect(judge(bright: "›") == .empty)
    // The cursor is drawn over its first letter.
    #expect(judge(bright: "› A") == .empty)
    #expect(judge(bright: nil) == .empty)
    // Typed, and the cursor brought back to its beginning.
    #expect(judge(bright: row) == .typed("Ask for anything"))
    #expect(judge(bright: row, column: 18) == .typed("Ask for anything"))
  }

  @Test(arguments: [
    "✻ Thinking… (esc to interrupt)", "• Working (3s • esc to interrupt)", "  bypass permissions on · esc to i…",
    "✶ Investigating… (31m 40s · ↓ 108.6k tokens)", "* Orchestrating… (2s · ↓ 5 tokens)",
  ])
  func `one that says that it is at work is busy, prompt or not`(line: String) {
    for lines in [[line, "", "❯\u{A0}"], [line, "────────", "❯\u{A0}", "────────", ""]] {
      let state = PromptState.judge(PaneScreen(printed: lines))
      #expect(state.isBusy, "\(state)")
    }
  }

  @Test func `what several rows hold is typed`() {
    let screen = PaneScreen(rows: ["› line one", "  line two", "", "  model"], column: 10, row: 1)
    #expect(PromptState.judge(screen) == .typed("line one"))
  }
}
