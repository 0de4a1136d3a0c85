// SPDX-License-Identifier: Apache-2.0

import GRDB
import Town

/// Beads as rows of the embedded store.
enum BeadRow {
  /// A bead that is not read, and why. It is named by its number: its id may be what is wrong with it.
  struct Unreadable: Error {
    var number: Int64
    var id: String?
    var reason: String

    /// - Parameter path: the store's file.
    func description(path: String) -> String {
      let name = id.map { "the bead \($0)" } ?? "the bead of number \(number)"
      return """
        \(name) in \(path) \(reason). Shorten its text, or delete it: sqlite3 \(path) \
        "DELETE FROM beads WHERE number = \(number)"
        """
    }
  }

  /// More beads, or more text, than is read at once.
  struct TooMuch: Error { var reason: String }

  /// The beads that `condition` names, each with its labels in alphabetical order.
  ///
  /// First only the numbers are read, so that a bead that cannot be read can be named.
  static func fetch(
    _ database: Database, where condition: String, arguments: StatementArguments = StatementArguments(),
    limits: SQLiteLimits, unreadable: (Unreadable) throws -> Void = { throw $0 }
  ) throws -> [Bead] {
    let numbers = try Int64.fetchAll(
      database, sql: "SELECT number FROM beads WHERE \(condition) LIMIT \(limits.rows + 1)", arguments: arguments)
    guard numbers.count <= limits.rows else {
      throw TooMuch(reason: "holds more than \(limits.rows) of them; close or delete some")
    }
    var size = 0
    var largest: (id: String, size: Int)?
    return try numbers.compactMap { number in
      let bead: Bead
      do {
        guard let found = try fetch(database, number: number, limits: limits) else { return nil }
        bead = found
      } catch let failure as Unreadable {
        try unreadable(failure)
        return nil
      }
      let length = bead.size
      size += length
      if length > largest?.size ?? 0 { largest = (bead.id, length) }
      guard size <= limits.bytes else {
        let name = largest.map { "; the largest is \(displayable($0.id)), with \($0.size) bytes" } ?? ""
        throw TooMuch(reason: "holds more than \(limits.bytes) bytes of text in them\(name): shorten or delete it")
      }
      return bead
    }
  }

  /// - Parameter unreadable: called for each bead that is there and cannot be read; by default all fails then.
  static func fetch(
    _ database: Database, ids: Set<String>, limits: SQLiteLimits,
    unreadable: (Unreadable) throws -> Void = { throw $0 }
  ) throws -> [Bead] {
    // SQLite takes some 32,000 arguments at most.
    var found: [Bead] = []
    var rest = ids.sorted()[...]
    while !rest.isEmpty {
      let part = rest.prefix(1_000)
      rest = rest.dropFirst(1_000)
      let marks = Array(repeating: "?", count: part.count).joined(separator: ",")
      found += try fetch(
        database, where: "id IN (\(marks))", arguments: StatementArguments(part), limits: limits,
        unreadable: unreadable)
    }
    return found
  }

  private static func fetch(_ database: Database, number: Int64, limits: SQLiteLimits) throws -> Bead? {
    // Labels hold no control characters, so one can stand between them.
    let sql = """
      SELECT *, (
        SELECT group_concat(label, char(10)) FROM (SELECT label FROM labels WHERE bead = number ORDER BY label)
      ) AS all_labels
      FROM beads WHERE number = ?
      """
    do {
      return try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: [number]).map {
        try bead($0, number: number)
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_TOOBIG {
      let id = try? String.fetchOne(database, sql: "SELECT id FROM beads WHERE number = ?", arguments: [number])
      throw Unreadable(
        number: number, id: id.flatMap { BeadRules.isID($0) ? $0 : nil },
        reason: "is larger than the \(limits.bytes) bytes that are read")
    }
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

  /// SQLite keeps values of any type in any column, so each is looked at.
  private static func bead(_ row: Row, number: Int64) throws -> Bead {
    let id = String.fromDatabaseValue(row["id"])
    func value<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
      guard let value = Value.fromDatabaseValue(row[column]) else {
        throw Unreadable(
          number: number, id: id.flatMap { BeadRules.isID($0) ? $0 : nil },
          reason: "has a value in '\(column)' that is not of its type")
      }
      return value
    }
    let labels = String.fromDatabaseValue(row["all_labels"]) ?? ""
    return Bead(
      id: try value("id"), title: try value("title"), description: try value("description"),
      status: Bead.Status(rawValue: try value("status")), type: try value("type"), assignee: try value("assignee"),
      priority: try value("priority"), labels: labels.split(separator: "\n").map(String.init),
      createdAt: Timestamp(nanoseconds: try value("created_at")),
      updatedAt: Timestamp(nanoseconds: try value("updated_at")), isEphemeral: try value("ephemeral"))
  }
}

extension Bead {
  /// How much text it holds, in bytes.
  fileprivate var size: Int {
    labels.reduce(id.utf8.count + title.utf8.count + description.utf8.count + assignee.utf8.count) {
      $0 + $1.utf8.count
    }
  }
}
