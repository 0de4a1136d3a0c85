// SPDX-License-Identifier: Apache-2.0

extension StringProtocol where SubSequence == Substring {
  /// The text without the white space around it.
  var trimmingWhitespace: String {
    String(trimmingTrailingWhitespace.drop(while: \.isWhitespace))
  }

  var trimmingTrailingWhitespace: Substring {
    var part = self[...]
    while let last = part.last, last.isWhitespace { part.removeLast() }
    return part
  }
}
