// SPDX-License-Identifier: Apache-2.0

/// The sign on a pane that its first process is an agent of ours: a pane option, `@gastown`.
///
/// The option holds the pane's own id before the token, so that a value that a pane has by
/// inheritance (a pane option falls back to the window's and to the global ones) is no mark.
package struct PaneMark: Sendable, Hashable, CustomStringConvertible {
  /// Opaque to tmux and to this module.
  package let token: String

  /// `nil` unless `token` is 1 to 200 of the characters `A-Z a-z 0-9 _ . / : = -`.
  package init?(_ token: String) {
    guard (1...200).contains(token.utf8.count), token.utf8.allSatisfy(Self.allows) else { return nil }
    self.token = token
  }

  package var description: String { token }

  /// The name of the pane option.
  static let option = "@gastown"

  /// A format for the option's value, for `set-option -F`; the token's characters are inert in it.
  var format: String { "#{pane_id}:\(token)" }

  /// A format that is the option's value where no character is in it that a mark cannot have, else empty: other content
  /// of the option cannot break a line. Its form is checked here and not by tmux, which compiles a regular expression
  /// again for every pane, at half the cost of a listing.
  static let readingFormat = "#{?#{m:*[!-%A-Za-z0-9_./:=]*,#{\(option)}},,#{\(option)}}"

  /// Reads the option's value as it was found on `pane`; `nil` where that is not a mark of this pane.
  init?(value: some StringProtocol, on pane: PaneID) {
    let prefix = "\(pane):"
    guard value.hasPrefix(prefix) else { return nil }
    self.init(String(value.dropFirst(prefix.count)))
  }

  private static func allows(_ byte: UInt8) -> Bool {
    byte.isLetterOrDigit || "_./:=-".utf8.contains(byte)
  }
}
