// SPDX-License-Identifier: Apache-2.0

/// A message that can never be sent, however often it is tried.
package struct Undeliverable: Error, Sendable, Hashable, CustomStringConvertible {
  /// The recipient, and what is wrong with the message.
  package var description: String

  package init(_ description: String) { self.description = description }
}
