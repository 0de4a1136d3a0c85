// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite
import Synchronization

/// Ends what takes too long on one connection to the embedded store. SQLite asks it every thousand steps.
final class SQLiteWatch: Sendable {
  private struct State {
    var steps = 0
    var allowance = SQLiteLimits.stepsOfOpening
    var errand: SQLiteErrand?
  }

  private let state = Mutex(State())

  /// Limits a connection that has just been opened. The watch must outlive the connection.
  func attach(to database: Database, limits: SQLiteLimits) throws {
    let connection = database.sqliteConnection
    let length = Int32(clamping: limits.bytes)
    sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, length)
    sqlite3_limit(connection, SQLITE_LIMIT_SQL_LENGTH, min(length, 1 << 20))
    sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0)
    sqlite3_limit(connection, SQLITE_LIMIT_WORKER_THREADS, 0)
    sqlite3_progress_handler(
      connection, Int32(SQLiteLimits.stride),
      { watch in
        guard let watch else { return 1 }
        return Unmanaged<SQLiteWatch>.fromOpaque(watch).takeUnretainedValue().allowsMore() ? 0 : 1
      }, Unmanaged.passUnretained(self).toOpaque())
    // Functions and virtual tables that a schema of others could call for stay out of it.
    try database.execute(sql: "PRAGMA trusted_schema = OFF")
    try database.execute(sql: "PRAGMA mmap_size = 0")
  }

  /// Runs a part of `errand` on this connection.
  func follow<Value>(_ errand: SQLiteErrand, on database: Database, _ body: () throws -> Value) throws -> Value {
    state.withLock { $0 = State(allowance: errand.limits.steps, errand: errand) }
    defer { state.withLock { $0 = State() } }
    guard errand.enter(database.sqliteConnection) else { throw DatabaseError(resultCode: .SQLITE_INTERRUPT) }
    defer { errand.leave() }
    return try body()
  }

  private func allowsMore() -> Bool {
    let (steps, allowance, errand) = state.withLock { state in
      state.steps += SQLiteLimits.stride
      return (state.steps, state.allowance, state.errand)
    }
    guard steps <= allowance else {
      errand?.note(.tooMuchWork)
      return false
    }
    return errand?.isOver != true
  }
}

/// The watches of all connections of one pool, which have to live as long as these.
final class SQLiteWatches: Sendable {
  /// By the addresses of their connections.
  private let watches = Mutex<[UInt: SQLiteWatch]>([:])

  func watch(_ database: Database, limits: SQLiteLimits) throws {
    guard let address = Self.address(database) else { return }
    let watch = SQLiteWatch()
    watches.withLock { $0[address] = watch }
    try watch.attach(to: database, limits: limits)
  }

  func follow<Value>(_ errand: SQLiteErrand, on database: Database, _ body: () throws -> Value) throws -> Value {
    let watch = Self.address(database).flatMap { address in watches.withLock { $0[address] } }
    guard let watch else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
    return try watch.follow(errand, on: database, body)
  }

  private static func address(_ database: Database) -> UInt? {
    database.sqliteConnection.map { UInt(bitPattern: $0) }
  }
}
