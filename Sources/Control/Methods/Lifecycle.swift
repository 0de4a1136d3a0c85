// SPDX-License-Identifier: Apache-2.0

/// Carries out the lifecycle requests that wait in the mail, now.
package struct Lifecycle: ControlMethod, Hashable {
  package static let name = "Lifecycle"
  package static let isIdempotent = true

  package struct Reply: Codable, Sendable, Hashable {
    /// How many requests were carried out.
    package var executed: Int
    /// How many were refused, and closed with the reason.
    package var refused: Int
    /// What was done, in one line.
    package var summary: String

    package init(executed: Int, refused: Int, summary: String) {
      self.executed = executed
      self.refused = refused
      self.summary = summary
    }
  }

  package init() {}
}
