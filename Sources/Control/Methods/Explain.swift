// SPDX-License-Identifier: Apache-2.0

/// What the daemon would do about each agent now, and why; nothing is done.
package struct Explain: ControlMethod, Hashable {
  package static let name = "Explain"
  package static let isIdempotent = true

  package struct Reply: Codable, Sendable, Hashable {
    package var entries: [Entry]

    package init(entries: [Entry]) { self.entries = entries }
  }

  /// One agent's case.
  package struct Entry: Codable, Sendable, Hashable {
    /// The agent's address.
    package var agent: String
    /// The rule that decided.
    package var rule: String
    /// What is done, or left.
    package var decision: String
    /// Why, in words.
    package var reason: String
    /// When this is looked at again or ends: RFC 3339 in UTC.
    @ExplicitNull package var until: String?

    package init(agent: String, rule: String, decision: String, reason: String, until: String? = nil) {
      self.agent = agent
      self.rule = rule
      self.decision = decision
      self.reason = reason
      self.until = until
    }
  }

  /// The address of the one agent that is asked about; absent for all.
  @ExplicitNull package var agent: String?

  package init(agent: String? = nil) { self.agent = agent }
}
