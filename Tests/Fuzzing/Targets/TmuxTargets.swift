// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

@testable import Tmux

extension FuzzTarget {
  /// What `list-panes` prints: a pane that is understood is written as the same line.
  static let panes = FuzzTarget("panes") { input, _ in
    for line in text(input).split(separator: "\n") {
      _ = PaneListing.server(line)
      _ = CreatedPane(line: line)
      _ = SessionName(String(line))
      _ = PaneMark(String(line))
      guard let pane = PaneListing.pane(line) else { continue }
      let mark = line.split(separator: "|", maxSplits: 15, omittingEmptySubsequences: false)[14]
      let fields: [String] = [
        "\(pane.id)", "\(pane.pid)", "\(pane.index)", "\(pane.windowIndex)", pane.windowID, pane.sessionID,
        "\(pane.attachedClients)", "\(pane.sessionCreated)", pane.isDead ? "1" : "0",
        pane.deadStatus.map { "\($0)" } ?? "",
        pane.deadSignal.map { "\($0)" } ?? "", pane.deadTime.map { "\($0)" } ?? "", pane.isInMode ? "1" : "0",
        "\(pane.windowActivity)", String(mark), pane.session,
      ]
      try promise("a pane is read as written", PaneListing.pane(fields.joined(separator: "|")), equals: pane)
      if let mark = pane.mark {
        try promise("a mark is the pane's own", PaneMark(value: "\(pane.id):\(mark)", on: pane.id), equals: mark)
      }
    }
  }

  /// What is captured of several panes in one call.
  static let capture = FuzzTarget("capture") { input, _ in
    let transcript = CaptureTranscript(token: "t")
    let lines = text(input).split(separator: "\n", omittingEmptySubsequences: false)
    for number in 0...2 {
      guard let pane = transcript.text(of: PaneCapture(PaneID(number: number), lines: 5), in: lines) else { continue }
      try promise("no more lines than asked for", pane.lines.count <= 5)
      try promise("no line of another pane's", !pane.lines.contains { $0.hasPrefix("t.") })
      try promise("no spaces at the end", pane.lines.allSatisfy { $0.last != " " })
      try promise("no empty line at the end", pane.lines.last?.isEmpty != true)
      _ = CrashCapsule.Words(
        lines: pane.lines, tmuxVersion: pane.version, diedAt: pane.deadTime.map { Timestamp(seconds: Int64($0)) })
    }
    for line in lines.prefix(8) { _ = TmuxError(complaint: String(line), operation: "") }
  }

  /// Words on their way to tmux: they arrive as they are.
  static let tmuxWords = FuzzTarget("tmux-words") { input, _ in
    let words = text(input).split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
    try promise(
      "tmux reads what was meant", TmuxWord.read(TmuxArgument.words(of: [words, words])), equals: [words, words])
    for word in words {
      let literal = TmuxArgument.literal(inFormat: word)
      try promise(
        "a format is expanded to what was meant", TmuxWord.expanded(literal), equals: Array(word.unicodeScalars))
      let typed = TypedText.withoutControls(word)
      try promise("nothing that is typed acts on a terminal", isInertForTyping(typed))
      try promise("typing it twice is no different", TypedText.withoutControls(typed), equals: typed)
    }
  }

  private static func isInertForTyping(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }
  }

  /// What a pane shows, line by line; the first is what was typed.
  static let readiness = FuzzTarget("readiness") { input, _ in
    var pieces = Pieces(input)
    let typed = text(pieces.line())
    let lines = text(pieces.remainder()).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var screen = PaneScreen(
      rows: lines, bright: input.count % 2 == 0 ? nil : lines, column: input.count % 5, row: input.count % 7)
    let judgement = PromptState.judge(screen)
    let isTyped = StandingText.isExactly(typed, on: screen)
    _ = StandingText.isExactly(typed, on: screen, readsLines: true)
    screen.rows += ["", "  "]
    if let bright = screen.bright { screen.bright = bright + ["", "  "] }
    try promise("empty lines below mean nothing", PromptState.judge(screen), equals: judgement)
    try promise("nor for what is typed", StandingText.isExactly(typed, on: screen), equals: isTyped)
    screen.rows += ["esc to interrupt"]
    try promise("one that says it is at work is not ready", PromptState.judge(screen) != .empty)
    screen.isInMode = true
    try promise("one that is read back in is not typed at", PromptState.judge(screen), equals: .inMode)
  }
}
