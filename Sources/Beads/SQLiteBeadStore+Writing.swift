// SPDX-License-Identifier: Apache-2.0

import GRDB
package import Town

// Each write is one transaction that ends by reading back what it wrote.
extension SQLiteBeadStore {
  @concurrent package func create(_ draft: BeadDraft) async throws -> Bead {
    let attempt = "creating \(draft.id ?? "a \(draft.type) bead") in \(path)"
    try BeadRules.check(draft, attempt: attempt)
    try checkSize([draft.title, draft.description, draft.assignee] + draft.labels, attempt: attempt)
    let time = now()
    return try await write(attempt) { database in
      let id: String
      if let given = draft.id {
        guard try !exists(given, in: database) else {
          throw BeadStoreError(.refused, attempt: attempt, message: "\(given) exists already")
        }
        id = given
      } else {
        id = try freeID(in: database, attempt: attempt)
      }
      try BeadRow.insert(database, draft, id: id, at: time)
      return try require(id, in: database, attempt: attempt)
    }
  }

  @concurrent package func update(_ id: String, _ change: BeadChange) async throws -> Bead {
    let attempt = "changing \(quotedForDisplay(id)) in \(path)"
    try BeadRules.checkID(id, attempt: attempt)
    try BeadRules.check(change, attempt: attempt)
    return try await rewrite(id, attempt: attempt) { _ in change }
  }

  @concurrent package func setAgent(_ id: String, state: AgentState?, hook: HookChange?) async throws -> Bead {
    let attempt = "setting the agent fields of \(quotedForDisplay(id)) in \(path)"
    try BeadRules.checkID(id, attempt: attempt)
    return try await rewrite(id, attempt: attempt) { bead in
      BeadChange(description: try bead.settingAgent(state: state, hook: hook, attempt: attempt))
    }
  }

  @concurrent package func close(_ id: String, reason: String) async throws -> Bead {
    let attempt = "closing \(quotedForDisplay(id)) in \(path)"
    try BeadRules.checkID(id, attempt: attempt)
    try checkSize([displayable(reason)], attempt: attempt)
    let time = now()
    return try await change(id, attempt: attempt) { database, bead in
      guard !bead.status.isOver else { return }
      try database.execute(
        sql: "UPDATE beads SET status = 'closed', close_reason = ?, closed_at = ?, updated_at = ? WHERE id = ?",
        arguments: [displayable(reason), time.nanoseconds, time.nanoseconds, id])
    }
  }

  private func rewrite(
    _ id: String, attempt: String, _ decide: @escaping @Sendable (Bead) throws -> BeadChange
  ) async throws -> Bead {
    let time = now()
    return try await change(id, attempt: attempt) { database, bead in
      let change = try decide(bead)
      guard change != BeadChange() else { return }
      try checkSize([change.description ?? ""], attempt: attempt)
      let status = change.status ?? bead.status
      try database.execute(
        sql: """
          UPDATE beads SET description = ?, status = ?, assignee = ?, updated_at = ?,
            closed_at = CASE WHEN ? = 'closed' THEN coalesce(closed_at, ?) END
          WHERE id = ?
          """,
        arguments: [
          change.description ?? bead.description, status.rawValue, change.assignee ?? bead.assignee, time.nanoseconds,
          status.rawValue, time.nanoseconds, id,
        ])
    }
  }

  private func change(
    _ id: String, attempt: String, _ body: @escaping @Sendable (Database, Bead) throws -> Void
  ) async throws -> Bead {
    // A write would make the file; a bead that is to be changed must be in one that is there.
    let isThere = try await read("looking for \(id)", otherwise: false) { try exists(id, in: $0) }
    guard isThere else { throw missing(id, attempt: attempt) }
    return try await write(attempt) { database in
      try body(database, try require(id, in: database, attempt: attempt))
      return try require(id, in: database, attempt: attempt)
    }
  }

  /// A bead must be read back together with others, and SQLite is handed nothing that it does not take.
  private func checkSize(_ texts: [String], attempt: String) throws(BeadStoreError) {
    let size = texts.reduce(0) { $0 + $1.utf8.count }
    guard size <= limits.bytes / 2 else {
      throw BeadStoreError(
        .refused, attempt: attempt,
        message: "a text of \(size) bytes is more than the \(limits.bytes / 2) that are taken")
    }
  }

  private func require(_ id: String, in database: Database, attempt: String) throws -> Bead {
    guard let bead = try BeadRow.fetch(database, ids: [id], limits: limits).first else {
      throw missing(id, attempt: attempt)
    }
    return bead
  }

  private func exists(_ id: String, in database: Database) throws -> Bool {
    try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM beads WHERE id = ?)", arguments: [id]) ?? false
  }

  private func missing(_ id: String, attempt: String) -> BeadStoreError {
    BeadStoreError(.notFound, attempt: attempt, message: "there is no bead '\(id)'")
  }

  /// An id that no bead has: `gt-` and as few characters as there is room in.
  private func freeID(in database: Database, attempt: String) throws -> String {
    let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    // The ids of the town's own agents, which might not have been created yet.
    let reserved: Set<String> = [AgentIdentity.mayor.bead, AgentIdentity.deacon.bead]
    for length in 3...6 {
      for _ in 0..<8 {
        let id = "gt-" + String((0..<length).compactMap { _ in alphabet.randomElement() })
        if !reserved.contains(id), try !exists(id, in: database) { return id }
      }
    }
    throw BeadStoreError(.unavailable, attempt: attempt, message: "no free id was found")
  }
}
