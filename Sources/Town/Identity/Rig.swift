// SPDX-License-Identifier: Apache-2.0

/// A rig as `mayor/rigs.json` registers it.
package struct Rig: Sendable, Hashable {
  package var name: String
  /// When it was registered; `nil` where the registry does not say.
  package var addedAt: Timestamp?

  package init(name: String, addedAt: Timestamp? = nil) {
    self.name = name
    self.addedAt = addedAt
  }
}
