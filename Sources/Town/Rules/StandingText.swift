// SPDX-License-Identifier: Apache-2.0

/// Whether an input line holds exactly what was typed: the condition for pressing Enter.
package enum StandingText {
  /// Less than this of a text that is longer than the screen proves nothing.
  private static let leastProof = 200
  /// Nor do less rows of a text that is longer than its input line.
  private static let leastRows = 10

  /// - Parameters:
  ///   - readsLines: whether the terminal collects lines: then all but the last line of the text is submitted already.
  package static func isExactly(_ text: String, on screen: PaneScreen, readsLines: Bool = false) -> Bool {
    guard !screen.isInMode, let last = screen.lastRow else { return false }
    if readsLines { return isLastLine(of: text, on: screen) }
    let wanted = ScreenText.solid(text)
    guard !wanted.isEmpty else { return false }
    if screen.column == 0, screen.row == last + 1 { return isAboveCursor(text, wanted, on: screen, last: last) }
    guard screen.rows.indices.contains(screen.row), !ScreenText.isBlank(screen.rows[screen.row]) || text.hasSuffix("\n")
    else { return false }
    var read = ""
    for row in stride(from: screen.row, through: 0, by: -1) {
      if let line = InputLine(screen.rows, at: row) {
        let content = ScreenText.solid(line.text) + read
        if content == wanted || isMark(content, of: text) { return true }
        // An input line that scrolls shows the end of what it holds, behind the marker; Codex says so with an arrow.
        let first = ScreenText.solid(line.text)
        let end = first.hasSuffix("↑") ? first.dropLast() + read : content
        if screen.row - row >= leastRows, wanted.hasSuffix(end) { return true }
      }
      if ScreenText.isEdge(screen.rows[row]) { return false }
      read = ScreenText.solid(screen.rows[row]) + read
      // A text that is longer than the screen fills it from its first row on.
      if row == 0, read.utf8.count >= leastProof, wanted.utf8.count > read.utf8.count { return wanted.hasSuffix(read) }
      guard wanted.hasSuffix(read) || isPartOfMark(read) else { return false }
    }
    return false
  }

  /// The last input line of a program that hides its cursor, with the rows that continue it.
  private static func isAboveCursor(_ text: String, _ wanted: String, on screen: PaneScreen, last: Int) -> Bool {
    for row in stride(from: last, through: 0, by: -1) {
      guard let line = InputLine(screen.rows, at: row) else { continue }
      var content = ScreenText.solid(line.text)
      if isMark(content, of: text) { return true }
      for next in (row + 1)...(last + 1) {
        let isOver = next > last || ScreenText.isBlank(screen.rows[next]) || ScreenText.isEdge(screen.rows[next])
        if isOver || !wanted.hasPrefix(content) {
          if content == wanted { return true }
          break
        }
        content += ScreenText.solid(screen.rows[next])
      }
    }
    return false
  }

  /// What stands in a terminal that collects lines: the last line of the text, behind the prompt or below it.
  private static func isLastLine(of text: String, on screen: PaneScreen) -> Bool {
    let wanted = ScreenText.solid(text.split(separator: "\n", omittingEmptySubsequences: false).last ?? "")
    guard !wanted.isEmpty, screen.rows.indices.contains(screen.row), !ScreenText.isBlank(screen.rows[screen.row]) else {
      return false
    }
    var read = ""
    for row in stride(from: screen.row, through: 0, by: -1) {
      if let line = InputLine(screen.rows, at: row), ScreenText.solid(line.text) + read == wanted { return true }
      read = ScreenText.solid(screen.rows[row]) + read
      if read == wanted { return true }
      guard wanted.hasSuffix(read) else { return false }
    }
    return false
  }

  // MARK: Marks that stand for long pastes

  /// `[Pasted text #1 +4 lines]` of Claude, for as many line breaks as the text has, and
  /// `[Pasted Content 1500 chars]` of Codex, for as many characters.
  private static func isMark(_ content: String, of text: String) -> Bool {
    let breaks = text.unicodeScalars.count { $0 == "\n" }
    if content == "[PastedContent\(text.unicodeScalars.count)chars]" { return true }
    guard let rest = content.dropping(prefix: "[Pastedtext#") else { return false }
    let number = rest.prefix { $0.isASCII && $0.isNumber }
    guard !number.isEmpty else { return false }
    return rest.dropFirst(number.count) == (breaks == 0 ? "]" : "+\(breaks)lines]")
  }

  private static func isPartOfMark(_ content: String) -> Bool { content.hasSuffix("]") && content.utf8.count < 60 }
}

extension String {
  fileprivate func dropping(prefix: String) -> Substring? {
    hasPrefix(prefix) ? dropFirst(prefix.count) : nil
  }
}
