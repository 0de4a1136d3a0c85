// SPDX-License-Identifier: Apache-2.0

/// A record of the beads issue tracker, as far as this project looks into it.
package struct Bead: Sendable, Hashable {
  /// Where in its life a bead is. Unknown words are kept as they are.
  package struct Status: RawRepresentable, Sendable, Hashable, Codable {
    package var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let open = Status(rawValue: "open")
    package static let closed = Status(rawValue: "closed")
    package static let tombstone = Status(rawValue: "tombstone")
    package static let hooked = Status(rawValue: "hooked")

    /// Closed for good: done, or deleted.
    package var isOver: Bool { self == .closed || self == .tombstone }
  }

  package var id: String
  package var title: String
  /// Empty where the store has none.
  package var description: String { didSet { readFields() } }
  package var status: Status
  /// `agent`, `message`, `task`, …
  package var type: String
  /// Empty where there is no assignee.
  package var assignee: String
  /// 0 is urgent, 4 can wait.
  package var priority: Int
  package var labels: [String]
  package var createdAt: Timestamp
  package var updatedAt: Timestamp
  /// The structured slots, which `bd show` prints and `bd list` omits.
  package var hookSlot: String? { didSet { readFields() } }
  package var stateSlot: String? { didSet { readFields() } }
  package var isEphemeral: Bool

  /// For an agent bead: the work on its hook. The description is the contract; the structured slot
  /// counts only where the description has no such line.
  package private(set) var hookBead: String?
  /// For an agent bead: what the agent says of itself, with the same fallback.
  package private(set) var agentState: AgentState?

  package init(
    id: String, title: String, description: String = "", status: Status = .open, type: String, assignee: String = "",
    priority: Int = 2, labels: [String] = [], createdAt: Timestamp, updatedAt: Timestamp, hookSlot: String? = nil,
    stateSlot: String? = nil, isEphemeral: Bool = false
  ) {
    self.id = id
    self.title = title
    self.description = description
    self.status = status
    self.type = type
    self.assignee = assignee
    self.priority = priority
    self.labels = labels
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.hookSlot = hookSlot
    self.stateSlot = stateSlot
    self.isEphemeral = isEphemeral
    readFields()
  }

  /// Once for each reading of the bead, as every turn asks for them many times.
  private mutating func readFields() {
    let fields = AgentFields(description: description)
    let hook = fields.mentions(.hookBead) ? fields[.hookBead] : hookSlot
    hookBead = hook.flatMap { $0.isEmpty ? nil : Bead.bounded($0) }
    let word = fields.mentions(.agentState) ? fields[.agentState] : stateSlot
    agentState = word.flatMap { $0.isEmpty ? nil : AgentState(rawValue: Bead.bounded($0)) }
  }

  /// The longest hook or state that is taken as it is, in scalars. Both are remembered in the ledger, and no bead may
  /// make that too large to be read.
  private static let longestField = 200

  private static func bounded(_ text: String) -> String {
    guard text.utf8.count > longestField else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestField)))
  }
}
