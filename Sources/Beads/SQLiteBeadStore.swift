// SPDX-License-Identifier: Apache-2.0

import GRDB
package import Town
import Glibc

/// The embedded bead store, for a town without `.beads`: one SQLite file, in WAL mode, that the
/// daemon and every `gt` open side by side.
///
/// The file is made by the first write, for its owner alone. Until then every reading is empty.
package struct SQLiteBeadStore: BeadStore {
  package let name: String
  let path: String
  let now: @Sendable () -> Timestamp
  let limits: SQLiteLimits
  private let connection: SQLiteConnection
  /// The threads that hang in the file, if there are any.
  private let abandoned = Abandoned()

  /// - Parameters:
  ///   - path: absolute; the directory above the file's own must exist.
  ///   - deadline: for each operation.
  ///   - now: the time, which becomes the time of creation and of change.
  package init(
    path: String, deadline: Duration = .seconds(20),
    now: @escaping @Sendable () -> Timestamp = SQLiteBeadStore.realTime
  ) {
    self.init(path: path, limits: SQLiteLimits(deadline: deadline), now: now)
  }

  init(path: String, limits: SQLiteLimits, now: @escaping @Sendable () -> Timestamp = SQLiteBeadStore.realTime) {
    self.path = path
    self.now = now
    self.limits = limits
    name = "the bead store \(path)"
    connection = SQLiteConnection(path: path, limits: limits)
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
        try await read("listing the agents", otherwise: []) { [limits] database in
          try BeadRow.fetch(database, where: "type = 'agent' ORDER BY number DESC", limits: limits)
        })
    } catch let error as BeadStoreError {
      beads = .unknown(error.description)
    }
    return AgentListing(databases: [DatabaseReading(database: routes.own, beads: beads)], routes: routes)
  }

  @concurrent package func beads(_ ids: [String]) async throws -> [String: Reading<Bead?>] {
    let wanted = Set(ids)
    do {
      // What cannot be an id is not looked for: it may be of any length.
      let ids = wanted.filter { $0.utf8.count <= 1_000 }
      return try await read("reading \(wanted.count) beads", otherwise: [:]) { [limits, path] database in
        var answers: [String: Reading<Bead?>] = [:]
        let found = try BeadRow.fetch(database, ids: ids, limits: limits) { failure in
          guard let id = failure.id else { throw failure }
          answers[id] = .unknown(failure.description(path: path))
        }
        for bead in found { answers[bead.id] = .known(bead) }
        return answers
      }.merging(wanted.map { ($0, .known(nil)) }) { found, _ in found }
    } catch let error as BeadStoreError {
      return Dictionary(uniqueKeysWithValues: wanted.map { ($0, .unknown(error.description)) })
    }
  }

  @concurrent package func messages(for identity: String, copies: Bool) async throws -> [Bead] {
    let attempt = "reading the mail of \(quotedForDisplay(identity))"
    try BeadRules.checkName(identity, attempt: attempt)
    return try await read(attempt, otherwise: []) { [limits] database in
      try BeadRow.fetch(
        database,
        where: """
          type = 'message' AND status = 'open'
          AND (assignee = ? OR ? AND number IN (SELECT bead FROM labels WHERE label = ?))
          ORDER BY created_at, number
          """,
        arguments: [identity, copies, "cc:\(identity)"], limits: limits)
    }
  }

  /// Runs `body` on the database as it stands, or answers `otherwise` where there is none yet.
  func read<Value: Sendable>(
    _ attempt: String, otherwise: Value, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    let attempt = "\(attempt) of \(path)"
    return try await run(attempt) { [connection] errand in
      guard let store = try connection.store(creating: false, attempt: attempt) else { return otherwise }
      return try store.read(errand, body)
    }
  }

  /// Runs `body` in one transaction.
  func write<Value: Sendable>(
    _ attempt: String, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await run(attempt) { [connection, path] errand in
      guard let store = try connection.store(creating: true, attempt: attempt) else {
        throw BeadStoreError(.unavailable, attempt: attempt, message: "\(path) vanished")
      }
      return try store.write(errand, body)
    }
  }

  private func run<Value: Sendable>(
    _ attempt: String, _ work: @escaping @Sendable (SQLiteErrand) throws -> Value
  ) async throws -> Value {
    let errand = SQLiteErrand(limits: limits)
    do {
      return try await errand.run(leaving: abandoned) { try work(errand) }
    } catch let late as Late {
      throw BeadStoreError(.deadlineExceeded, attempt: attempt, message: reason(of: late))
    } catch let mismatch as SQLiteSchema.Mismatch {
      throw BeadStoreError(.unreadable, attempt: attempt, message: reason(of: mismatch))
    } catch let bead as BeadRow.Unreadable {
      throw BeadStoreError(.unreadable, attempt: attempt, message: bead.description(path: path))
    } catch let excess as BeadRow.TooMuch {
      throw BeadStoreError(.unreadable, attempt: attempt, message: "\(path) \(excess.reason)")
    } catch let error as DatabaseError {
      throw try translation(of: error, end: errand.end, attempt: attempt)
    }
  }

  private func reason(of late: Late) -> String {
    switch late {
    case .deadline: "\(path) did not answer within \(limits.deadline)"
    case .allHang: "\(path) is not asked any more: \(Abandoned.limit) threads hang in it. Restart this program"
    }
  }

  private func reason(of mismatch: SQLiteSchema.Mismatch) -> String {
    switch mismatch {
    case .foreign: "\(path) is a database, but not a bead store"
    case .newer: "\(path) was written by a newer version of this program"
    case .altered(let what):
      """
      \(path) is not the bead store that was created there, and is not read: \(what). Remove what other programs have \
      added, or replace the file by a copy
      """
    }
  }

  private func translation(of error: DatabaseError, end: SQLiteErrand.End?, attempt: String) throws -> BeadStoreError {
    let reason = "\(path): \(error.message ?? error.resultCode.description)"
    switch error.resultCode {
    case .SQLITE_INTERRUPT, .SQLITE_ABORT:
      switch end {
      case .cancelled: throw CancellationError()
      case .deadline:
        return BeadStoreError(.deadlineExceeded, attempt: attempt, message: self.reason(of: .deadline))
      case .tooMuchWork, nil:
        return BeadStoreError(
          .unreadable, attempt: attempt, message: "\(path) takes too much work to read for a bead store")
      }
    case .SQLITE_TOOBIG:
      return BeadStoreError(
        .refused, attempt: attempt, message: "\(path) takes no text of more than \(limits.bytes) bytes")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_FORMAT:
      return BeadStoreError(.unreadable, attempt: attempt, message: reason)
    default: return BeadStoreError(.unavailable, attempt: attempt, message: reason)
    }
  }
}
