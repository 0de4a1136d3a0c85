// SPDX-License-Identifier: Apache-2.0

/// A person's decision that an agent, a rig or the whole town is not to be started.
package struct Hold: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Hashable, Codable {
    /// Ended by `gt session stop`; `gt session start` takes it back.
    case stop
    /// Left as it is, but not to be restarted.
    case hold
  }

  /// What a decision is about. Not part of the file, whose name tells it.
  package enum Scope: Sendable, Hashable {
    case agent
    case rig(String)
    case town

    /// As a person types it after `gt session release`; `nil` for the agent itself.
    package var argument: String? {
      switch self {
      case .agent: nil
      case .rig(let rig): displayable(rig)
      case .town: "all"
      }
    }
  }

  package var kind: Kind
  package var scope = Scope.agent
  package var who: String
  package var when: Timestamp?
  package var why: String?

  enum CodingKeys: String, CodingKey {
    case kind, who, when, why
  }

  package init(kind: Kind, who: String, when: Timestamp?, why: String?) {
    self.kind = kind
    self.who = who
    self.when = when
    self.why = why
  }

  /// What releases it, for an agent that it concerns.
  package func wayOut(for agent: AgentIdentity) -> String {
    "to release it: gt session release \(scope.argument ?? agent.address)"
  }

  /// For reasons: `stopped by ada at 2026-…: maintenance`.
  package var summary: String {
    let verb =
      switch scope {
      case .agent: kind == .stop ? "stopped" : "held"
      case .rig: "held with its rig"
      case .town: "held with the whole town"
      }
    return "\(verb) by \(displayable(who))" + (when.map { " at \($0)" } ?? "")
      + (why.map { ": \(displayable($0))" } ?? "")
  }
}
