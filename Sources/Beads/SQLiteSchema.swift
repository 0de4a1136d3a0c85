// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The embedded store's tables, and how a file comes by them.
///
/// Several processes may open a new file at once, so looking at a file and changing it is one
/// transaction: whoever comes second finds the work done.
enum SQLiteSchema {
  /// In the header of every file of ours ("GtBd"), so that a database of somebody else's is never
  /// taken for one.
  static let applicationID: Int32 = 0x4774_4264

  /// What is wrong with a file that is a database, but not one that can be used.
  enum Mismatch: Error {
    case foreign
    case newer
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

  /// How many steps the file has behind it.
  private static func version(of database: Database) throws -> Int {
    let id = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    guard id == applicationID || (id == 0 && tables == 0) else { throw Mismatch.foreign }
    guard id == applicationID else { return 0 }
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard version <= steps.count else { throw Mismatch.newer }
    return max(0, version)
  }
}
