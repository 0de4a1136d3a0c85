// SPDX-License-Identifier: Apache-2.0

/// What a pane shows at one moment: its visible rows, where its cursor stands, and its title.
package struct PaneScreen: Sendable, Hashable {
  /// The visible rows, from top to bottom, without spaces at their ends.
  package var rows: [String]
  /// The same rows without the text that is shown faintly, as hints in an empty input line are; `nil` where
  /// the colours are not known.
  package var bright: [String]?
  /// The cursor's column and row, from 0.
  package var column: Int
  package var row: Int
  package var title: String
  /// Whether a person reads back in the pane: then its program gets no key.
  package var isInMode: Bool

  package init(
    rows: [String], bright: [String]? = nil, column: Int, row: Int, title: String = "", isInMode: Bool = false
  ) {
    self.rows = rows
    self.bright = bright
    self.column = column
    self.row = row
    self.title = title
    self.isInMode = isInMode
  }

  /// What a terminal shows of lines that a program has printed, the last one without an end.
  package init(printed lines: [String]) {
    self.init(rows: lines, column: lines.last?.unicodeScalars.count ?? 0, row: max(lines.count - 1, 0))
  }

  /// The row of the last text; `nil` on an empty screen.
  var lastRow: Int? { rows.lastIndex { !ScreenText.isBlank($0) } }

  /// Whether the beginning of a text stands behind a marker, as what was submitted does.
  func shows(_ text: String) -> Bool {
    let wanted = ScreenText.solid(text).prefix(40)
    guard !wanted.isEmpty else { return false }
    return rows.indices.contains { row in
      InputLine(rows, at: row).map { line in
        let shown = ScreenText.solid(line.text)
        return !shown.isEmpty && (wanted.hasPrefix(shown.prefix(40)) || shown.hasPrefix(wanted))
      } ?? false
    }
  }

  /// The last rows that are not empty, as a person is shown them.
  package func lastWords(_ count: Int) -> [String] {
    Array(rows.filter { !ScreenText.isBlank($0) }.suffix(count))
  }
}

/// The text of a screen's rows.
enum ScreenText {
  static func isBlank(_ row: some StringProtocol) -> Bool { row.unicodeScalars.allSatisfy(isSpace) }

  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || scalar == "\u{A0}" || scalar == "\t" || scalar == "\n"
  }

  /// The sides of a box around an input line.
  static func isSide(_ scalar: Unicode.Scalar) -> Bool { scalar == "│" || scalar == "┃" }

  /// Whether a row is the edge of a box, or a line between two parts of the screen.
  static func isEdge(_ row: String) -> Bool {
    let marks = row.unicodeScalars.filter { !isSpace($0) }
    return marks.count >= 3 && marks.allSatisfy { (0x2500...0x259F).contains($0.value) }
      && !marks.allSatisfy(isSide)
  }

  /// Without spaces and sides of boxes, and without what joins or varies letters: programs wrap and frame a text as
  /// they like.
  static func solid(_ text: some StringProtocol) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where !isSpace(scalar) && !isSide(scalar) && !isJoiner(scalar) {
      scalars.append(scalar)
    }
    return String(scalars)
  }

  private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool {
    (0xFE00...0xFE0F).contains(scalar.value) || (0x200B...0x200D).contains(scalar.value)
  }

  /// A row without the box around it and the spaces at its ends.
  static func withoutBox(_ row: String) -> Substring.UnicodeScalarView {
    var content = row.unicodeScalars[...]
    while let first = content.first, isSpace(first) || isSide(first) { content.removeFirst() }
    while let last = content.last, isSpace(last) || isSide(last) { content.removeLast() }
    return content
  }
}
