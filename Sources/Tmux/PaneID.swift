// SPDX-License-Identifier: Apache-2.0

/// A pane of one life of one server, `%12`. Ids begin at 0 again when the server is started anew:
/// keep them with the ``ServerLife``.
package struct PaneID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let number: Int

  package init(number: Int) {
    self.number = number
  }

  /// `nil` unless `text` is `%` and a decimal number.
  package init?(_ text: some StringProtocol) {
    guard text.first == "%", let number = Int(text.dropFirst()), number >= 0, text.dropFirst().first != "+"
    else { return nil }
    self.number = number
  }

  package var description: String { "%\(number)" }

  package static func < (one: PaneID, other: PaneID) -> Bool { one.number < other.number }
}
