// SPDX-License-Identifier: Apache-2.0

import GRDB
import Town

/// Beads as rows of the embedded store.
enum BeadRow {
  /// The beads that `condition` names, each with its labels in alphabetical order.
  static func fetch(
    _ database: Database, where condition: String, arguments: StatementArguments = StatementArguments()
  ) throws -> [Bead] {
    // Labels hold no control characters, so one can stand between them.
    let sql = """
      SELECT *, (
        SELECT group_concat(label, char(10)) FROM (SELECT label FROM labels WHERE bead = number ORDER BY label)
      ) AS all_labels
      FROM beads WHERE \(condition)
      """
    return try Row.fetchAll(database, sql: sql, arguments: arguments).map(bead)
  }

  static func fetch(_ database: Database, ids: Set<String>) throws -> [Bead] {
    // SQLite takes some 32,000 arguments at most.
    var found: [Bead] = []
    var rest = ids.sorted()[...]
    while !rest.isEmpty {
      let part = rest.prefix(1_000)
      rest = rest.dropFirst(1_000)
      let marks = Array(repeating: "?", count: part.count).joined(separator: ",")
      found += try fetch(database, where: "id IN (\(marks))", arguments: StatementArguments(part))
    }
    return found
  }

  static func insert(_ database: Database, _ draft: BeadDraft, id: String, at time: Timestamp) throws {
    try database.execute(
      sql: """
        INSERT INTO beads
          (id, title, description, status, type, assignee, priority, ephemeral, author, created_at, updated_at)
        VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, draft.title, draft.description, draft.type, draft.assignee, draft.priority, draft.isEphemeral,
        draft.author ?? "", time.nanoseconds, time.nanoseconds,
      ])
    let number = database.lastInsertedRowID
    for label in Set(draft.labels) {
      try database.execute(sql: "INSERT INTO labels (bead, label) VALUES (?, ?)", arguments: [number, label])
    }
  }

  private static func bead(_ row: Row) -> Bead {
    let labels: String = row["all_labels"] ?? ""
    return Bead(
      id: row["id"], title: row["title"], description: row["description"], status: Bead.Status(rawValue: row["status"]),
      type: row["type"], assignee: row["assignee"], priority: row["priority"],
      labels: labels.split(separator: "\n").map(String.init),
      createdAt: Timestamp(nanoseconds: row["created_at"]), updatedAt: Timestamp(nanoseconds: row["updated_at"]),
      isEphemeral: row["ephemeral"])
  }
}
