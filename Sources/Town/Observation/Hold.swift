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

  /// A stop beside a hold: what remains when that is released.
  package struct Stop: Sendable, Hashable, Codable {
    package var who: String
    package var when: Timestamp?
    package var why: String?
  }

  package var kind: Kind
  package var scope = Scope.agent
  package var who: String
  package var when: Timestamp?
  package var why: String?
  /// Of a hold: the stop of the same agent, where there is one too.
  package private(set) var stop: Stop?

  enum CodingKeys: String, CodingKey {
    case kind, who, when, why, stop
  }

  package init(kind: Kind, who: String, when: Timestamp?, why: String?) {
    self.kind = kind
    self.who = who
    self.when = when
    self.why = why
  }

  /// Both decisions about one agent, this one the later. Of two of a kind the first counts, with its reason.
  package func beside(_ former: Hold?) -> Hold {
    guard let former else { return self }
    switch (former.kind, kind) {
    case (.stop, .stop), (.hold, .hold): return former
    case (.hold, .stop): return former.with(stop: self)
    case (.stop, .hold): return with(stop: former)
    }
  }

  /// What remains when the hold is released.
  package var released: Hold? {
    stop.map { Hold(kind: .stop, who: $0.who, when: $0.when, why: $0.why) }
  }

  private func with(stop: Hold) -> Hold {
    var both = self
    both.stop = self.stop ?? Stop(who: stop.who, when: stop.when, why: stop.why)
    return both
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
      + (why.map { ": \(displayable($0))" } ?? "") + (released.map { ", and \($0.summary)" } ?? "")
  }
}
