// SPDX-License-Identifier: Apache-2.0

/// All that is remembered between turns, by session. Written by the supervisor alone.
package struct Ledger: Sendable, Hashable, Codable {
  /// The layout of the file; a newer one is refused rather than misread.
  package static let currentVersion = 1

  package var version = Ledger.currentVersion
  package var agents: [String: AgentRecord] = [:]

  package init() {}

  /// The agents that lived when they were last looked at, by session.
  package var lives: [String: ProcessLife] { agents.compactMapValues(\.life) }

  /// The record of an agent; an empty one where nothing is known.
  package subscript(agent: AgentIdentity) -> AgentRecord {
    get { agents[agent.session] ?? AgentRecord() }
    set { agents[agent.session] = newValue.isEmpty ? nil : newValue }
  }
}
