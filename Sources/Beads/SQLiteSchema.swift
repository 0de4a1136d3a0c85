// SPDX-License-Identifier: Apache-2.0

import GRDB
import Town

/// The embedded store's tables, and their creation.
///
/// Several processes may open a new file at once, so looking at a file and changing it is one transaction: the second
/// process finds the work done.
enum SQLiteSchema {
  /// In the header of every file of ours ("GtBd"), so that another program's database is never mistaken for one.
  static let applicationID: Int32 = 0x4774_4264

  /// What is wrong with a file that is a database, but not one that can be used.
  enum Mismatch: Error {
    case foreign
    case newer
    /// Something in it is not what we have made. It is not read: a view or a virtual table can be endless, and a trigger
    /// does more than was asked for.
    case altered(String)
  }

  /// What brings a file from each version, kept in its `user_version`, to the next. Steps that
  /// have been released are never changed.
  private static let steps = [
    // Times are nanoseconds since 1970. `number` is the order of creation.
    """
    CREATE TABLE beads (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      title TEXT NOT NULL,
      description TEXT NOT NULL,
      status TEXT NOT NULL,
      type TEXT NOT NULL,
      assignee TEXT NOT NULL,
      priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 4),
      ephemeral INTEGER NOT NULL,
      author TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      closed_at INTEGER,
      close_reason TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX beads_by_type ON beads (type, status, assignee);
    CREATE TABLE labels (
      bead INTEGER NOT NULL REFERENCES beads (number) ON DELETE CASCADE,
      label TEXT NOT NULL,
      PRIMARY KEY (bead, label)
    ) WITHOUT ROWID;
    CREATE INDEX labels_by_label ON labels (label);
    """
  ]

  /// Checks that the database is ours or empty, and brings it to this version. A store that is
  /// ready is not written to by merely opening it.
  static func prepare(_ pool: DatabasePool) throws {
    guard try pool.read({ try version(of: $0) }) < steps.count else { return }
    try pool.write { database in
      for step in steps.dropFirst(try version(of: database)) { try database.execute(sql: step) }
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      try database.execute(sql: "PRAGMA user_version = \(steps.count)")
    }
  }

  /// Whether nothing has been made in the file yet.
  static func isBlank(_ pool: DatabasePool) throws -> Bool { try pool.read { try version(of: $0) } == 0 }

  /// A table or an index, as SQLite describes it.
  private struct Entry: Hashable {
    var type: String
    var name: String
    var table: String
    var sql: String

    var description: String {
      "the \(displayable(type)) \(quotedForDisplay(name))" + (table == name ? "" : " on \(quotedForDisplay(table))")
    }

    var isOfOurTables: Bool { SQLiteSchema.tables.contains(table) || SQLiteSchema.tables.contains(name) }
  }

  private static let tables: Set<String> = ["beads", "labels"]

  /// What our steps make, by name.
  private static let expected: [String: Entry]? = try? {
    let queue = try DatabaseQueue()
    return try queue.write { database in
      for step in steps { try database.execute(sql: step) }
      return Dictionary(uniqueKeysWithValues: try entries(of: database).map { ($0.name, $0) })
    }
  }()

  private static func entries(of database: Database) throws -> [Entry] {
    // The table of tables is always a real one. Whoever fills it with others' tables does not make us read them all.
    try Row.fetchAll(database, sql: "SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 1000").map { row in
      func text(_ column: String) -> String { String.fromDatabaseValue(row[column]) ?? "" }
      return Entry(
        type: text("type"), name: text("name").lowercased(), table: text("tbl_name").lowercased(),
        // SQLite puts quotes around the name of a table that was renamed, and maybe renamed back.
        sql: text("sql").filter { $0 != "\"" })
    }
  }

  /// Sees that our tables are the ones that we have made, with nothing on them that others have made. Tables of others
  /// beside ours are left alone. It is asked in each transaction, so that nothing is read on another schema.
  ///
  /// - Throws: ``Mismatch/altered(_:)``.
  static func check(_ database: Database) throws {
    guard let expected else { throw Mismatch.altered("the expected content is unknown") }
    let found = try entries(of: database).filter { $0.isOfOurTables || expected[$0.name] != nil }
    let strange = found.filter { expected[$0.name] != $0 }
    // What has taken a table's place before what only hangs on one.
    let first = strange.filter { tables.contains($0.name) }
    let names = (first + strange.filter { !tables.contains($0.name) }).prefix(4).map(\.description)
    guard names.isEmpty else { throw Mismatch.altered("foreign objects: \(names.joined(separator: ", "))") }
    let missing = expected.values.filter { !found.contains($0) }.sorted { $0.name < $1.name }
    guard missing.isEmpty, found.count == expected.count else {
      let names = missing.prefix(4).map(\.description).joined(separator: ", ")
      throw Mismatch.altered(names.isEmpty ? "an object is in it twice" : "missing objects: \(names)")
    }
  }

  /// How many steps the file has behind it.
  static func version(of database: Database) throws -> Int {
    let id = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    guard id == applicationID || (id == 0 && tables == 0) else { throw Mismatch.foreign }
    guard id == applicationID else { return 0 }
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard version <= steps.count else { throw Mismatch.newer }
    return max(0, version)
  }
}
