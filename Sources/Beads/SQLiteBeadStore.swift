// SPDX-License-Identifier: Apache-2.0

import GRDB
import Town

#if canImport(Glibc)
  import Glibc
#endif

/// The embedded bead store, for a town without `.beads`: one SQLite file, in WAL mode, that the
/// daemon and every `gt` open side by side.
///
/// The file is made by the first write, for its owner alone. Until then every reading is empty.
package struct SQLiteBeadStore: BeadStore {
  package let name: String
  let path: String
  let now: @Sendable () -> Timestamp
  private let connection: SQLiteConnection

  /// - Parameters:
  ///   - path: absolute; the directory above the file's own must exist.
  ///   - now: the time, which becomes the time of creation and of change.
  package init(path: String, now: @escaping @Sendable () -> Timestamp = SQLiteBeadStore.realTime) {
    self.path = path
    self.now = now
    name = "the bead store \(path)"
    connection = SQLiteConnection(path: path)
  }

  package static let realTime: @Sendable () -> Timestamp = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  private var routes: BeadRoutes { BeadRoutes(own: BeadDatabase(name: ".", path: path)) }

  @concurrent package func agents() async throws -> AgentListing {
    let beads: Reading<[Bead]>
    do {
      beads = .known(
        try await read("listing the agents", otherwise: []) { database in
          try BeadRow.fetch(database, where: "type = 'agent' ORDER BY number DESC")
        })
    } catch let error as BeadStoreError {
      beads = .unknown(error.description)
    }
    return AgentListing(databases: [DatabaseReading(database: routes.own, beads: beads)], routes: routes)
  }

  @concurrent package func beads(_ ids: [String]) async throws -> [String: Reading<Bead?>] {
    let wanted = Set(ids)
    do {
      let found = try await read("reading \(wanted.count) beads", otherwise: []) { database in
        try BeadRow.fetch(database, ids: wanted)
      }
      let byID = Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0) })
      return Dictionary(uniqueKeysWithValues: wanted.map { ($0, .known(byID[$0])) })
    } catch let error as BeadStoreError {
      return Dictionary(uniqueKeysWithValues: wanted.map { ($0, .unknown(error.description)) })
    }
  }

  @concurrent package func messages(for identity: String, copies: Bool) async throws -> [Bead] {
    let attempt = "reading the mail of \(quotedForDisplay(identity))"
    try BeadRules.checkName(identity, attempt: attempt)
    return try await read(attempt, otherwise: []) { database in
      try BeadRow.fetch(
        database,
        where: """
          type = 'message' AND status = 'open'
          AND (assignee = ? OR ? AND number IN (SELECT bead FROM labels WHERE label = ?))
          ORDER BY created_at, number
          """,
        arguments: [identity, copies, "cc:\(identity)"])
    }
  }

  /// Runs `body` on the database as it stands, or answers `otherwise` where there is none yet.
  func read<Value: Sendable>(
    _ attempt: String, otherwise: Value, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    let attempt = "\(attempt) of \(path)"
    return try await translating(attempt) {
      guard let pool = try await connection.pool(creating: false, attempt: attempt) else { return otherwise }
      return try await pool.read(body)
    }
  }

  /// Runs `body` in one transaction.
  func write<Value: Sendable>(
    _ attempt: String, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await translating(attempt) {
      guard let pool = try await connection.pool(creating: true, attempt: attempt) else {
        throw BeadStoreError(.unavailable, attempt: attempt, message: "\(path) vanished")
      }
      return try await pool.write(body)
    }
  }

  private func translating<Value>(_ attempt: String, _ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let mismatch as SQLiteSchema.Mismatch {
      let message =
        switch mismatch {
        case .foreign: "\(path) is a database, but not a bead store"
        case .newer: "\(path) was written by a newer version of this program"
        }
      throw BeadStoreError(.unreadable, attempt: attempt, message: message)
    } catch let error as DatabaseError {
      let reason = "\(path): \(error.message ?? error.resultCode.description)"
      switch error.resultCode {
      case .SQLITE_INTERRUPT where Task.isCancelled, .SQLITE_ABORT where Task.isCancelled: throw CancellationError()
      case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_FORMAT:
        throw BeadStoreError(.unreadable, attempt: attempt, message: reason)
      default: throw BeadStoreError(.unavailable, attempt: attempt, message: reason)
      }
    }
  }
}
