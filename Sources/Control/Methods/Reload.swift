// SPDX-License-Identifier: Apache-2.0

/// Reads the settings again; answered when they are in force. Where they are wrong the answer is
/// ``ControlFailure/refused(message:)``, and the old ones stay.
package struct Reload: ControlMethod, Hashable {
  package static let name = "Reload"
  package static let isIdempotent = true

  package struct Reply: Codable, Sendable, Hashable {
    package init() {}
  }

  package init() {}
}
