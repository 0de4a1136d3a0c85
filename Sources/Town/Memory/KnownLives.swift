// SPDX-License-Identifier: Apache-2.0

/// By what agents are known again on the panes of tmux servers: what the ledger has of their lives.
package struct KnownLives: Sendable, Hashable {
  /// The lives of the agents that live, or whose death is still open, and last lives that were ended on purpose, by session.
  package var bySession: [String: ProcessLife]
  /// The corpses whose end is known, by session.
  package var graves: [String: Set<AgentRecord.Grave>]

  package init(_ bySession: [String: ProcessLife], graves: [String: Set<AgentRecord.Grave>] = [:]) {
    self.bySession = bySession
    self.graves = graves
  }

  package subscript(session: String) -> ProcessLife? { bySession[session] }

  /// The tmux servers of this boot on which these lives are.
  package func servers(boot: String) -> Set<ServerIdentity> {
    Set(bySession.values.filter { $0.boot == boot }.map(\.server))
  }
}

extension KnownLives: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, ProcessLife)...) {
    self.init(Dictionary(elements, uniquingKeysWith: { _, last in last }))
  }
}

extension Ledger {
  /// By what the agents are known. The dead panes of lives that are over may remain.
  package var knownLives: KnownLives {
    KnownLives(
      agents.compactMapValues { $0.life ?? $0.death?.life ?? $0.ended },
      graves: agents.compactMapValues { $0.graves.isEmpty ? nil : $0.graves })
  }
}
