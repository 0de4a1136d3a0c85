// SPDX-License-Identifier: Apache-2.0

package import Town

/// Where a town keeps its beads: the records of its agents, their work and their mail.
///
/// There are two stores, ``BdBeadStore`` on the `bd` command and ``SQLiteBeadStore`` for a town
/// without `.beads`; ``BeadStores`` chooses. Both answer alike, and both follow two rules:
/// what cannot be read is unknown, never absent, and a write counts only once it was read back.
///
/// Every operation that throws throws ``BeadStoreError``, or `CancellationError` when the calling
/// task was cancelled.
package protocol BeadStore: Sendable {
  /// What a person calls the store in a message, with the path of the town's own database.
  var name: String { get }

  /// The agent beads of every database of the town, closed and deleted ones among them.
  ///
  /// A database that cannot be read does not hide the others: the listing tells which one it is.
  ///
  /// - Throws: nothing of a single database; only `CancellationError`.
  @concurrent func agents() async throws -> AgentListing

  /// Reads beads afresh, all at once. Every one of `ids` has an entry in the answer: the bead,
  /// `nil` where the store knows that there is none, or unknown with the reason.
  ///
  /// - Throws: nothing of a single bead or database; only `CancellationError`.
  @concurrent func beads(_ ids: [String]) async throws -> [String: Reading<Bead?>]

  /// The open messages that are assigned to `identity`, oldest first.
  ///
  /// - Parameter copies: whether those of which it was sent a copy are among them.
  @concurrent func messages(for identity: String, copies: Bool) async throws -> [Bead]

  /// Stores a new bead, in the database that its id belongs to; one without an id gets one.
  ///
  /// - Returns: the bead as it was read back.
  /// - Throws: `refused` where a bead of that id exists, or where the store does not take it.
  @concurrent func create(_ draft: BeadDraft) async throws -> Bead

  /// Changes what `change` names, and nothing else, in the database that holds the bead.
  ///
  /// - Returns: the bead as it was read back.
  /// - Throws: `notFound`; `refused` where what was read back is not what was to be written.
  @concurrent func update(_ id: String, _ change: BeadChange) async throws -> Bead

  /// Writes what is named into an agent bead's description. Its title line and every other line
  /// stay as they are; the structured slots, which only `bd` knows, are never touched.
  ///
  /// - Parameters:
  ///   - state: `nil` leaves the state alone.
  ///   - hook: `nil` leaves the hook alone.
  /// - Returns: the bead as it was read back.
  @concurrent func setAgent(_ id: String, state: AgentState?, hook: HookChange?) async throws -> Bead

  /// Closes a bead. Closing one that is closed already is no error, and keeps its first reason.
  ///
  /// - Throws: `notFound`.
  @concurrent func close(_ id: String, reason: String) async throws -> Bead
}

extension BeadStore {
  /// The open messages that are assigned to `identity` or carry a copy to it, oldest first.
  @concurrent package func messages(for identity: String) async throws -> [Bead] {
    try await messages(for: identity, copies: true)
  }
}

/// What becomes of an agent's hook.
package enum HookChange: Sendable, Hashable {
  /// Nothing is on it any longer.
  case empty
  /// This bead is on it. It need not exist.
  case bead(String)

  package var value: String? {
    switch self {
    case .empty: nil
    case .bead(let id): id
    }
  }
}
