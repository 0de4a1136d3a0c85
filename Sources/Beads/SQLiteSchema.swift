// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The embedded store's tables, and how a file comes by them.
enum SQLiteSchema {
  /// In the header of every file of ours ("GtBd"), so that a database of somebody else's is never
  /// taken for one.
  static let applicationID: Int32 = 0x4774_4264

  /// What is wrong with a file that is a database, but not one that can be used.
  enum Mismatch: Error {
    case foreign
    case newer
  }

  /// Checks that the database is ours or empty, and brings it to this version.
  static func prepare(_ pool: DatabasePool) throws {
    let migrator = migrator
    let isReady = try pool.read { database in
      let id = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
      let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
      guard id == applicationID || (id == 0 && tables == 0) else { throw Mismatch.foreign }
      guard try !migrator.hasBeenSuperseded(database) else { throw Mismatch.newer }
      return try migrator.hasCompletedMigrations(database)
    }
    // A store that is ready is not written to by merely opening it.
    if !isReady { try migrator.migrate(pool) }
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("beads and labels") { database in
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      // Times are nanoseconds since 1970. `number` is the order of creation.
      try database.execute(
        sql: """
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
          """)
    }
    return migrator
  }
}
