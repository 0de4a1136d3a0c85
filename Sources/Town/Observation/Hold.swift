// SPDX-License-Identifier: Apache-2.0

/// A person's decision that an agent, a rig or the whole town is not to be started.
package struct Hold: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Hashable, Codable {
    /// Ended by `gt session stop`; `gt session start` takes it back.
    case stop
    /// Left as it is, but not to be restarted.
    case hold
  }

  package var kind: Kind
  package var who: String
  package var when: Timestamp?
  package var why: String?

  package init(kind: Kind, who: String, when: Timestamp?, why: String?) {
    self.kind = kind
    self.who = who
    self.when = when
    self.why = why
  }

  /// For reasons: `stopped by ada at 2026-…: maintenance`.
  package var summary: String {
    let verb = kind == .stop ? "stopped" : "held"
    return "\(verb) by \(displayable(who))" + (when.map { " at \($0)" } ?? "")
      + (why.map { ": \(displayable($0))" } ?? "")
  }
}
