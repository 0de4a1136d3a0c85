// SPDX-License-Identifier: Apache-2.0

/// What typing at an agent would meet, read off its pane.
///
/// A certain prompt is an empty input line with the cursor one column behind its marker. Programs that hide the
/// cursor leave it at the beginning of the row below all that they have drawn; then the last input line on the screen
/// counts, where it is empty and nothing below or above it looks like a question.
package enum PromptState: Sendable, Hashable {
  /// An empty input line: what is typed stands there, and Enter submits it.
  case empty
  /// It is at work.
  ///
  /// - Parameter takesInput: whether it shows an empty input line meanwhile, of a program that keeps what is submitted
  ///   there until it has time (Claude and Codex).
  case busy(String, takesInput: Bool)
  /// Something stands on its input line.
  case typed(String)
  /// A question or a menu: what is typed would answer it.
  case question(String)
  /// A person reads back in the pane.
  case inMode
  /// There is no input line to be seen.
  case none(String)

  package static func judge(_ screen: PaneScreen) -> PromptState {
    if screen.isInMode { return .inMode }
    guard let last = screen.lastRow else { return .none("its pane is empty") }
    let found = InputSite.find(on: screen, last: last)
    if let question = Questions.asked(on: screen, site: found, last: last) { return .question(question) }
    let isEmpty = if case .empty? = found?.content { true } else { false }
    if let work = Work.seen(on: screen, site: found, last: last) {
      return .busy(work, takesInput: isEmpty && found.map { $0.line.marker != ">" } ?? false)
    }
    guard let found else { return .none(screen.rows[last]) }
    switch found.content {
    case .empty: return .empty
    case .typed(let text): return .typed(text)
    }
  }

  /// Whether it is worth a try to type there: its input line is empty, or may hold what a process before this one has
  /// typed.
  var mayTakeText: Bool {
    switch self {
    case .empty, .typed: true
    case .busy, .question, .inMode, .none: false
    }
  }

  var isBusy: Bool { if case .busy = self { true } else { false } }

  /// Whether the cursor stands in an empty input line, which is the surest sign.
  package static func isCertain(_ screen: PaneScreen) -> Bool {
    guard judge(screen) == .empty, let last = screen.lastRow else { return false }
    return InputSite.find(on: screen, last: last)?.isUnderCursor == true
  }

  /// The words for the message of a refusal.
  package var description: String {
    switch self {
    case .empty: "it is at its prompt"
    case .busy(let what, _): "it is at work (\(quotedForDisplay(what)))"
    case .typed(let text): "there is text on its input line already: \(quotedForDisplay(text))"
    case .question(let text): "it asks a question, which the text would answer: \(quotedForDisplay(text))"
    case .inMode: "its pane is in tmux's copy mode"
    case .none(let text): "it shows no prompt; the last line of its pane: \(quotedForDisplay(text))"
    }
  }
}

/// Where on a screen an agent takes its input.
struct InputSite: Sendable, Hashable {
  enum Content: Sendable, Hashable {
    case empty
    case typed(String)
  }

  var line: InputLine
  var content: Content
  /// Whether the cursor stands in it. If not, it stands below all that is shown.
  var isUnderCursor: Bool

  /// How far above the last row an input line may stand of a program that hides its cursor.
  private static let reach = 10

  static func find(on screen: PaneScreen, last: Int) -> InputSite? {
    if let line = InputLine(screen.rows, at: screen.row) {
      return underCursor(line, screen)
    }
    // The cursor in a row that continues an input line.
    if screen.column > 0, screen.row <= last, let line = continued(on: screen) {
      return InputSite(line: line, content: .typed(line.text), isUnderCursor: true)
    }
    guard screen.column == 0, screen.row == last + 1 else { return nil }
    for row in stride(from: last, through: max(0, last - reach + 1), by: -1) {
      guard let line = InputLine(screen.rows, at: row) else { continue }
      let isEmpty = line.text.isEmpty || isHint(line, on: screen, below: true)
      // A mark with a plain space is Claude's for a choice.
      if line.marker == "❯", !line.text.isEmpty, !line.hasHardSpace { return nil }
      return InputSite(line: line, content: isEmpty ? .empty : .typed(line.text), isUnderCursor: false)
    }
    return nil
  }

  private static func underCursor(_ line: InputLine, _ screen: PaneScreen) -> InputSite? {
    switch screen.column - line.column {
    case 2:
      let isEmpty = line.text.isEmpty || isHint(line, on: screen, below: false)
      return InputSite(line: line, content: isEmpty ? .empty : .typed(line.text), isUnderCursor: true)
    case 3...: return InputSite(line: line, content: .typed(line.text), isUnderCursor: true)
    default: return nil
    }
  }

  private static func continued(on screen: PaneScreen) -> InputLine? {
    for row in stride(from: screen.row, through: max(0, screen.row - 30), by: -1) {
      if ScreenText.isEdge(screen.rows[row]) { return nil }
      if let line = InputLine(screen.rows, at: row) { return line.text.isEmpty ? nil : line }
    }
    return nil
  }

  /// Whether what stands behind the marker is a hint, which goes when something is typed: it is shown faintly. Where
  /// the colours are not known, the cursor before it says so; below a hidden cursor, the line that Codex shows
  /// only while nothing is typed.
  private static func isHint(_ line: InputLine, on screen: PaneScreen, below: Bool) -> Bool {
    if let bright = screen.bright, bright.indices.contains(line.row) {
      let rest = InputLine(bright, at: line.row)?.text ?? ""
      // The cursor may be drawn over the first letter.
      if rest.unicodeScalars.count <= 1 { return true }
      if !below { return false }
    } else if !below {
      // A mark with a plain space is Claude's for a choice.
      return line.marker != "❯" || line.hasHardSpace
    }
    return line.marker == "›" && screen.rows[line.row...].contains { $0.containsBytes(of: "? for shortcuts") }
  }
}
