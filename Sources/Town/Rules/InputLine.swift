// SPDX-License-Identifier: Apache-2.0

/// The line of a screen in which an agent takes its input, or a question with its choices.
struct InputLine: Sendable, Hashable {
  /// The row with the marker.
  var row: Int
  var marker: Unicode.Scalar
  /// The column of the marker.
  var column: Int
  /// What stands behind the marker, without the one space that belongs to it.
  var text: String
  /// Whether a no-break space follows the marker, with which Claude tells its prompt from its choices.
  var hasHardSpace: Bool

  /// Claude's, Codex's, and that of plain prompts.
  static let markers: Set<Unicode.Scalar> = ["❯", "›", ">"]

  /// - Returns: `nil` where the row begins with no marker.
  init?(_ rows: [String], at row: Int) {
    guard rows.indices.contains(row) else { return nil }
    let scalars = rows[row].unicodeScalars
    guard let start = scalars.firstIndex(where: { !ScreenText.isSpace($0) && !ScreenText.isSide($0) }),
      Self.markers.contains(scalars[start])
    else { return nil }
    let rest = scalars[scalars.index(after: start)...]
    guard rest.first.map(ScreenText.isSpace) ?? true else { return nil }
    self.row = row
    marker = scalars[start]
    column = scalars.distance(from: scalars.startIndex, to: start)
    hasHardSpace = rest.first == "\u{A0}"
    var content = rest.dropFirst()
    while let last = content.last, ScreenText.isSpace(last) || ScreenText.isSide(last) { content.removeLast() }
    text = String(content)
  }

  /// `1. Yes` and `2) No`.
  static func isNumbered(_ text: some StringProtocol) -> Bool {
    let text = text.drop { $0 == " " || $0 == "\u{A0}" }
    let number = text.prefix { $0.isASCII && $0.isNumber }
    guard !number.isEmpty, number.count <= 2 else { return false }
    let rest = text.dropFirst(number.count)
    return (rest.first == "." || rest.first == ")")
      && (rest.dropFirst().first.map { $0 == " " || $0 == "\u{A0}" } ?? true)
  }
}
