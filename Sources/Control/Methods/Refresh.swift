// SPDX-License-Identifier: Apache-2.0

/// Says that something changed: the daemon looks soon, and the caller does not wait for it.
package struct Refresh: ControlMethod, Hashable {
  package static let name = "Refresh"
  package static let isIdempotent = true

  package struct Reply: Codable, Sendable, Hashable {
    package init() {}
  }

  package init() {}
}
