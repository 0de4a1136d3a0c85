// SPDX-License-Identifier: Apache-2.0

/// Reads rows that `capture-pane -e` prints: their text, and which of it is faint. What one row sets holds in the next.
struct RowStyle: Sendable {
  private var isFaint = false

  /// A row's text without its escapes, and the same with spaces in the place of what is faint.
  mutating func read(_ row: some StringProtocol) -> (text: String, bright: String) {
    var (text, bright) = (String.UnicodeScalarView(), String.UnicodeScalarView())
    var rest = row.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\u{1B}": escape(&rest)
      case "\u{0E}", "\u{0F}": break
      default:
        text.append(scalar)
        bright.append(isFaint ? " " : scalar)
      }
    }
    return (Self.trimmed(text), Self.trimmed(bright))
  }

  private mutating func escape<View: BidirectionalCollection<Unicode.Scalar>>(_ rest: inout View)
  where View.SubSequence == View {
    switch rest.popFirst() {
    case "[":
      let parameters = rest.prefix { !(0x40...0x7E).contains($0.value) }
      rest = rest[parameters.endIndex...]
      if rest.popFirst() == "m" { set(String(String.UnicodeScalarView(parameters))) }
    case "]":
      // An address, for one, up to a bell or the end of the string.
      while let scalar = rest.popFirst() {
        if scalar == "\u{07}" { return }
        if scalar == "\u{1B}" {
          _ = rest.popFirst()
          return
        }
      }
    case "(", ")": _ = rest.popFirst()
    default: break
    }
  }

  private mutating func set(_ parameters: String) {
    // 38, 48 and 58 take colours as numbers of their own.
    var numbers = parameters.split(separator: ";", omittingEmptySubsequences: false).map {
      Int($0) ?? ($0.isEmpty ? 0 : -1)
    }[...]
    while let number = numbers.popFirst() {
      switch number {
      case 0, 22: isFaint = false
      case 2: isFaint = true
      case 38, 48, 58: numbers = numbers.dropFirst(numbers.first == 5 ? 2 : 4)
      default: break
      }
    }
  }

  private static func trimmed(_ scalars: String.UnicodeScalarView) -> String {
    var scalars = scalars
    while scalars.last == " " { scalars.removeLast() }
    return String(scalars)
  }
}
