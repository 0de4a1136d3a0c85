// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
  /// Whether the bytes of `part` stand anywhere in the text.
  ///
  /// For text from outside: the standard library's `contains` compares whole characters, which takes quadratic time for
  /// a row of flags.
  package func containsBytes(of part: String) -> Bool {
    guard let first = part.utf8.first else { return true }
    var rest = utf8[...]
    while let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: part.utf8) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
