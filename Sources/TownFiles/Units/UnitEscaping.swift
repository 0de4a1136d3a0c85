// SPDX-License-Identifier: Apache-2.0

/// Paths as instance names of systemd units, by the rules of `systemd-escape --path`.
package enum UnitEscaping {
  /// The instance name for an absolute path without symbolic links, `.`, `..` or doubled slashes.
  ///
  /// `/` becomes `-`; every character other than a letter, digit, `:`, `_` or `.` becomes `\xNN`, byte by byte, and so
  /// does a `.` at the beginning. The root is `-`.
  package static func instance(ofPath path: String) -> String {
    let bytes = Array(path.utf8.drop { $0 == UInt8(ascii: "/") })
    guard !bytes.isEmpty else { return "-" }
    var result = ""
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case UInt8(ascii: "/"): result += "-"
      case UInt8(ascii: ".") where index == 0: result += escaped(byte)
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "."):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += escaped(byte)
      }
    }
    return result
  }

  private static func escaped(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return "\\x" + (digits.count == 1 ? "0" : "") + digits
  }

  /// Reads the first word of a unit file's command line: quotes, `\` escapes, `%%` and `$$`, and of the
  /// specifiers the one that the shipped units have there, `%h`.
  ///
  /// - Returns: `nil` where there is no word, or what it means is not known to us.
  package static func word(in text: some StringProtocol, home: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    var quote: UInt8?
    var isAny = false
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        if let quote, quote > 0 { bytes.append(byte) } else if isAny { rest = [] }
        continue
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if quote == byte { quote = nil } else if quote == nil { quote = byte } else { bytes.append(byte) }
      case UInt8(ascii: "\\"):
        guard let next = rest.popFirst() else { return nil }
        switch next {
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "x"):
          guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
          bytes.append(value)
          rest = rest.dropFirst(2)
        default: bytes.append(next)
        }
      case UInt8(ascii: "%"):
        switch rest.popFirst() {
        case UInt8(ascii: "%"): bytes.append(byte)
        case UInt8(ascii: "h"): bytes += Array(home.utf8)
        default: return nil
        }
      case UInt8(ascii: "$"):
        guard rest.popFirst() == byte else { return nil }
        bytes.append(byte)
      default: bytes.append(byte)
      }
      isAny = true
    }
    return isAny && quote == nil ? String(decoding: bytes, as: UTF8.self) : nil
  }
}
