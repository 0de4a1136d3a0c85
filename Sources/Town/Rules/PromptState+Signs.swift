// SPDX-License-Identifier: Apache-2.0

/// What a question looks like.
enum Questions {
  /// What programs show below a question; in small letters.
  private static let hints = [
    "enter to confirm", "press enter", "enter confirm", "enter continue", "enter to continue", "enter to select",
    "esc to cancel", "esc to go back", "esc back", "esc skip", "(y/n)", "[y/n]", "(yes/no)",
  ]

  /// The question that a screen asks; `nil` where it asks none.
  static func asked(on screen: PaneScreen, site: InputSite?, last: Int) -> String? {
    if screen.title.containsBytes(of: "Action Required") || screen.title.hasPrefix("? ") {
      return words(on: screen, at: chosen(on: screen, last: last) ?? last)
    }
    if let site, site.isUnderCursor {
      let row = site.line.row
      if InputLine.isNumbered(site.line.text) { return words(on: screen, at: row) }
      // A usage limit that is waited for, and other things that a key would end.
      return hint(on: screen, from: max(row, screen.row) + 1, to: last)
    }
    if let row = chosen(on: screen, last: last), site == nil || site.map({ $0.line.row == row }) == true {
      return words(on: screen, at: row)
    }
    if let site, hasChoices(below: site.line.row, on: screen) { return words(on: screen, at: site.line.row) }
    return hint(on: screen, from: max(0, last - 9), to: last)
  }

  /// The row of the marked choice of a menu: numbered, or under the cursor, or with others below it.
  private static func chosen(on screen: PaneScreen, last: Int) -> Int? {
    if let line = InputLine(screen.rows, at: screen.row), screen.column == line.column { return screen.row }
    for row in stride(from: last, through: max(0, last - 14), by: -1) {
      guard let line = InputLine(screen.rows, at: row) else { continue }
      return InputLine.isNumbered(line.text) ? row : nil
    }
    return nil
  }

  private static func hasChoices(below row: Int, on screen: PaneScreen) -> Bool {
    screen.rows.indices.contains(row + 1) && InputLine.isNumbered(String(ScreenText.withoutBox(screen.rows[row + 1])))
  }

  private static func hint(on screen: PaneScreen, from first: Int, to last: Int) -> String? {
    guard first <= last else { return nil }
    for row in first...last {
      let text = screen.rows[row].lowercased()
      if hints.contains(where: { text.containsBytes(of: $0) }) { return words(on: screen, at: row) }
    }
    return nil
  }

  /// What a person is shown: the question, where it can be told, and the row.
  private static func words(on screen: PaneScreen, at row: Int) -> String {
    let own = String(ScreenText.withoutBox(screen.rows[row]))
    for above in stride(from: row - 1, through: max(0, row - 8), by: -1) {
      let text = String(ScreenText.withoutBox(screen.rows[above]))
      if text.hasSuffix("?") { return "\(text) \(own)" }
    }
    return own
  }
}

/// What work looks like.
enum Work {
  /// Rows above the input line in which a program says that it is at work.
  private static let reach = 20

  /// What says that the agent is at work; `nil` where nothing does.
  static func seen(on screen: PaneScreen, site: InputSite?, last: Int) -> String? {
    if let first = screen.title.unicodeScalars.first, isTurning(first) || screen.title.hasPrefix(">> ") {
      return screen.title
    }
    let input = site?.line.row ?? last
    for row in max(0, input - reach)...last {
      let text = screen.rows[row]
      if row >= last - 9, saysInterrupt(text) || (row >= input && endsTurning(text)) { return shown(text) }
      if row <= input, isTimed(text) { return shown(text) }
    }
    return nil
  }

  private static func shown(_ row: String) -> String { String(ScreenText.withoutBox(row)) }

  /// A braille pattern or a turning circle.
  private static func isTurning(_ scalar: Unicode.Scalar) -> Bool {
    (0x2801...0x28FF).contains(scalar.value) || (0x25D0...0x25D3).contains(scalar.value)
  }

  private static func endsTurning(_ row: String) -> Bool {
    let scalars = row.unicodeScalars.reversed().drop(while: ScreenText.isSpace)
    guard let last = scalars.first, isTurning(last) else { return false }
    return scalars.dropFirst().first.map(ScreenText.isSpace) ?? false
  }

  /// `esc to interrupt`, also where a narrow pane has cut it.
  private static func saysInterrupt(_ row: String) -> Bool {
    let text = row.lowercased()
    if text.containsBytes(of: "esc to interrupt") { return true }
    let cut = text.split(separator: "…", omittingEmptySubsequences: false)
    guard cut.count > 1 else { return false }
    let phrase = "esc to interrupt"
    return cut.dropLast().contains { part in
      (6...phrase.count).contains { part.hasSuffix(phrase.prefix($0)) } && !part.hasSuffix("esc to cancel")
    }
  }

  /// `✻ Grooving… (2s · ↓ 3 tokens)`: a mark, words, and since when.
  private static func isTimed(_ row: String) -> Bool {
    let content = ScreenText.withoutBox(row)
    guard let mark = content.first, !mark.properties.isAlphabetic, mark.properties.numericType == nil,
      content.dropFirst().first.map(ScreenText.isSpace) == true
    else { return false }
    let text = String(content)
    guard let dots = text.range(ofBytes: "… (") else { return false }
    let rest = text[dots...]
    let number = rest.prefix { $0.isASCII && $0.isNumber }
    guard !number.isEmpty, let unit = rest.dropFirst(number.count).first else { return false }
    return unit == "s" || unit == "m" || unit == "h"
  }
}

extension String {
  /// The index behind the first occurrence of some text.
  fileprivate func range(ofBytes needle: String) -> String.Index? {
    let (bytes, wanted) = (utf8, needle.utf8)
    for start in bytes.indices where bytes[start] == wanted.first && bytes[start...].starts(with: wanted) {
      return bytes.index(start, offsetBy: wanted.count)
    }
    return nil
  }
}
