// SPDX-License-Identifier: Apache-2.0

/// Text in the language of manual pages.
enum Roff {
  /// Text that means itself: as it is read, and as it is copied from the page.
  static func literal(_ text: String) -> String { escaped(text) { _ in true } }

  /// Running text: hyphens within words may be set as such; those of options and paths mean themselves.
  static func prose(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      let isCode = word.contains("--") || word.hasPrefix("-") || word.contains("/") || word.contains("_")
      return escaped(String(word)) { _ in isCode }
    }.joined(separator: " ")
  }

  /// Running text in lines that a person can read in the page's source, too.
  static func filled(_ text: String) -> [String] {
    var lines: [String] = []
    for word in prose(text).split(separator: " ") {
      if let last = lines.last, last.utf8.count + 1 + word.utf8.count < 79 {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(line(String(word)))
      }
    }
    return lines
  }

  /// A whole line that is not a request, with any beginning.
  static func line(_ text: String) -> String { text.hasPrefix(".") || text.hasPrefix("'") ? "\\&\(text)" : text }

  private static func escaped(_ text: String, isMinus: (Unicode.Scalar) -> Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\(rs"
      case "-": result += isMinus(scalar) ? "\\-" : "-"
      case "~": result += "\\(ti"
      case "^": result += "\\(ha"
      case "`": result += "\\(ga"
      case "'": result += "\\(aq"
      case "\"": result += "\\(dq"
      case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
      default: result += "\\[u" + hexadecimal(scalar.value) + "]"
      }
    }
    return result
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
