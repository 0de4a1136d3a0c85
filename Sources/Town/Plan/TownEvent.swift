// SPDX-License-Identifier: Apache-2.0

/// One thing that happened, with what the journal's fields say of it.
package struct TownEvent: Sendable, Hashable, Codable {
  /// By which it is known again where the journal has it twice; `nil` until it is entered into the ledger.
  package var id: String?
  package var kind: EventKind
  package var agent: AgentIdentity?
  /// The line that a person reads.
  package var message: String
  package var bead: String?
  package var pid: Int32?
  package var cause: ExitCause?
  package var restarts: Int?
  package var reason: String?
  /// Whether it has been said before of the same trouble.
  package var isRepeated = false
  /// Whether only a person can mend what it is about, whatever its kind.
  package var needsPerson: Bool?
  /// The id of the capsule of the death that this is about.
  package var capsule: String?
  /// The systemd unit of the user's manager that the agent lives in, or has lived in, where it has one of its own.
  package var unit: String?
  /// What the agent's pane showed last, a few lines, each displayable.
  package var lastWords: [String] = []

  enum CodingKeys: String, CodingKey {
    case id, kind, agent, message, bead, pid, cause, restarts, reason, capsule, unit
    case isRepeated = "is_repeated"
    case needsPerson = "needs_person"
    case lastWords = "last_words"
  }

  package init(
    _ kind: EventKind, agent: AgentIdentity? = nil, message: String, bead: String? = nil, pid: Int32? = nil,
    cause: ExitCause? = nil, restarts: Int? = nil, reason: String? = nil
  ) {
    self.kind = kind
    self.agent = agent
    self.message = message
    self.bead = bead
    self.pid = pid
    self.cause = cause
    self.restarts = restarts
    self.reason = reason
  }
}
