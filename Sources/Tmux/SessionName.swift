// SPDX-License-Identifier: Apache-2.0

/// The name of a session, of characters that mean the same to tmux, to a shell and to a person.
///
/// tmux turns `.` and `:` into `_` without a word and expands formats in the name of a new
/// session, so the session would never be found again under the name that was asked for.
package struct SessionName: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// `nil` unless `text` matches `[A-Za-z0-9][A-Za-z0-9_-]*`.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, first.isLetterOrDigit,
      bytes.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") })
    else { return nil }
    description = text
  }
}

extension UInt8 {
  /// An ASCII letter or digit.
  var isLetterOrDigit: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
