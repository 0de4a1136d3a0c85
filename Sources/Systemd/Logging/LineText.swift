// SPDX-License-Identifier: Apache-2.0

/// Text from anywhere, made fit for one line of a terminal or of a protocol.
enum LineText {
  /// Without line ends, control characters and characters that change the direction of others: each
  /// run of them becomes one space.
  static func flattened(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var isGap = false
    for scalar in text.unicodeScalars {
      if isUnsafe(scalar) {
        isGap = true
      } else {
        if isGap, !result.isEmpty { result.append(" ") }
        isGap = false
        result.append(scalar)
      }
    }
    return String(result)
  }

  /// With the same characters written out, as `\n` or `\u{1B}`.
  static func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where isUnsafe(scalar): result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// As many whole characters from the front as fit.
  static func prefix(_ text: String, bytes: Int) -> String {
    guard text.utf8.count > bytes else { return text }
    var used = 0
    let end = text.indices.first { index in
      used += text[index].utf8.count
      return used > bytes
    }
    return String(text[..<(end ?? text.endIndex)])
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value >= 0x20, scalar.value < 0x7F { return false }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
