// SPDX-License-Identifier: Apache-2.0

/// How tmux reads what is written for it, as its manual has it: the other side of `ControlLine` and of
/// `TmuxArgument`, written without looking at them.
enum TmuxWord {
  /// One quoted word; `nil` where it is more or less than one.
  static func read(_ text: String) -> [Unicode.Scalar]? {
    var rest = Array(text.unicodeScalars)[...]
    guard let quote = rest.popFirst(), quote == "'" || quote == "\"" else { return nil }
    var result: [Unicode.Scalar] = []
    while let scalar = rest.popFirst() {
      if scalar == quote { return rest.isEmpty ? result : nil }
      guard quote == "\"" else {
        result.append(scalar)
        continue
      }
      switch scalar {
      // A variable, and a home directory at the beginning.
      case "$": return nil
      case "~" where result.isEmpty: return nil
      case "\\":
        let digits = rest.prefix(3)
        guard digits.count == 3, let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 8),
          let escaped = Unicode.Scalar(value)
        else { return nil }
        rest = rest.dropFirst(3)
        result.append(escaped)
      default: result.append(scalar)
      }
    }
    return nil
  }

  /// A format without anything to expand: `##` is `#`, but for any number of them before `[`. `nil` where something
  /// would be expanded.
  static func expanded(_ format: String) -> [Unicode.Scalar]? {
    var rest = Array(format.unicodeScalars)[...]
    var result: [Unicode.Scalar] = []
    while let scalar = rest.first {
      guard scalar == "#" else {
        result.append(rest.removeFirst())
        continue
      }
      let hashes = rest.prefix { $0 == "#" }.count
      rest = rest.dropFirst(hashes)
      if rest.first == "[" {
        result += Array(repeating: "#", count: hashes)
      } else if hashes.isMultiple(of: 2) {
        result += Array(repeating: "#", count: hashes / 2)
      } else {
        return nil
      }
    }
    return result
  }
}
