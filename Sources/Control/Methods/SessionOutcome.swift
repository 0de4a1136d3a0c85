// SPDX-License-Identifier: Apache-2.0

/// What came of a request about one agent's session.
package struct SessionOutcome: Codable, Sendable, Hashable {
  /// What happened, in words.
  package var outcome: String
  /// Whether anything is different from before.
  package var changed: Bool
  /// The agent's process, where one lives now.
  @ExplicitNull package var pid: Int32?

  package init(outcome: String, changed: Bool, pid: Int32? = nil) {
    self.outcome = outcome
    self.changed = changed
    self.pid = pid
  }
}
