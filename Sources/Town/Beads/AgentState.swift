// SPDX-License-Identifier: Apache-2.0

/// What an agent says of itself in its bead (`agent_state`).
///
/// An unknown word is no error: agents and tools newer than this daemon may use others.
package struct AgentState: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
  package var rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }

  package static let spawning = AgentState(rawValue: "spawning")
  package static let running = AgentState(rawValue: "running")
  package static let working = AgentState(rawValue: "working")
  package static let idle = AgentState(rawValue: "idle")
  package static let stuck = AgentState(rawValue: "stuck")
  package static let stopped = AgentState(rawValue: "stopped")
  package static let done = AgentState(rawValue: "done")
  package static let dead = AgentState(rawValue: "dead")
  package static let nuked = AgentState(rawValue: "nuked")

  /// Whether who says this claims to be at work.
  package var isAtWork: Bool { self == .running || self == .working }

  package var description: String { rawValue }
}
