// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB
import Synchronization
import Glibc

/// Opens the embedded store's file when it is first needed, once. Everything here blocks, and is called on the thread of
/// a ``SQLiteErrand``.
///
/// Detects a file that was replaced or removed meanwhile: SQLite would continue to read and write the file that has no
/// name any more.
final class SQLiteConnection: Sendable {
  /// An open database, with what limits its connections.
  struct Store: Sendable {
    fileprivate var identity: SQLiteFiles.Identity
    fileprivate var pool: DatabasePool
    fileprivate var watches: SQLiteWatches

    func read<Value>(_ errand: SQLiteErrand, _ body: (Database) throws -> Value) throws -> Value {
      try pool.read { database in
        try watches.follow(errand, on: database) {
          try SQLiteSchema.check(database)
          return try body(database)
        }
      }
    }

    func write<Value>(_ errand: SQLiteErrand, _ body: (Database) throws -> Value) throws -> Value {
      try pool.write { database in
        try watches.follow(errand, on: database) {
          try SQLiteSchema.check(database)
          return try body(database)
        }
      }
    }
  }

  private let path: String
  private let limits: SQLiteLimits
  private let opened = Mutex<Store?>(nil)
  /// Held while the file is opened, so that it is opened once.
  private let opener = DispatchSemaphore(value: 1)
  /// How long a file may be without tables, as one that is just being made is, and how long another may take to open it.
  private static let patience: Duration = .seconds(5)

  init(path: String, limits: SQLiteLimits) {
    self.path = path
    self.limits = limits
  }

  /// The open database; `nil` where there is no file and none is to be made.
  func store(creating: Bool, attempt: String) throws -> Store? {
    if creating { try makeFile(attempt: attempt) }
    let end = ContinuousClock.now + Self.patience
    while true {
      guard let found = try SQLiteFiles.look(path, attempt: attempt) else {
        opened.withLock { $0 = nil }
        return nil
      }
      if let store = opened.withLock({ $0 }), store.identity == found.identity { return store }
      // No store is empty once it was made: this would be read as a town in which nobody has anything to do. Who only
      // reads makes no tables.
      if creating || !found.isEmpty, let store = try open(found.identity, creating: creating, attempt: attempt) {
        return store
      }
      guard ContinuousClock.now < end else {
        throw BeadStoreError(
          .unreadable, attempt: attempt, message: "\(path) is empty: it is just being made, or was cut short")
      }
      usleep(10_000)
    }
  }

  /// `nil` where there are no tables yet, and none are to be made.
  private func open(_ identity: SQLiteFiles.Identity, creating: Bool, attempt: String) throws -> Store? {
    guard opener.wait(timeout: .now() + .seconds(5)) == .success else {
      throw BeadStoreError(.unavailable, attempt: attempt, message: "\(path) is being opened; this does not complete")
    }
    defer { opener.signal() }
    if let store = opened.withLock({ $0 }), store.identity == identity { return store }
    let watches = SQLiteWatches()
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    configuration.label = "beads"
    // A higher one has Dispatch raise the priority of threads, which an ordinary user may not.
    configuration.qos = .default
    configuration.prepareDatabase { [limits] database in
      try watches.watch(database, limits: limits)
      // A database of somebody else's is not even turned to WAL.
      try database.inTransaction(.deferred) {
        _ = try SQLiteSchema.version(of: database)
        return .commit
      }
    }
    // Two processes that turn the same new file to WAL at once are told "locked" without waiting.
    let end = ContinuousClock.now + Self.patience
    while true {
      do {
        let pool = try DatabasePool(path: path, configuration: configuration)
        if !creating, try SQLiteSchema.isBlank(pool) { return nil }
        try SQLiteSchema.prepare(pool)
        let store = Store(identity: identity, pool: pool, watches: watches)
        opened.withLock { $0 = store }
        return store
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < end {
        usleep(20_000)
      }
    }
  }

  /// Makes the file, for its owner alone, and the directory that it lies in.
  private func makeFile(attempt: String) throws(BeadStoreError) {
    if try SQLiteFiles.look(path, attempt: attempt) != nil { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { mkdir(String(path[..<slash]), 0o700) }
    // Made under another name and closed before anyone can open it: closing a file takes away the
    // locks that SQLite holds on it elsewhere in this process.
    let name = "\(path).new-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let descriptor = Glibc.open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw BeadStoreError(.unavailable, attempt: attempt, message: "\(path): \(String(cString: strerror(errno)))")
    }
    Glibc.close(descriptor)
    defer { unlink(name) }
    guard link(name, path) == 0 || errno == EEXIST else {
      throw BeadStoreError(.unavailable, attempt: attempt, message: "\(path): \(String(cString: strerror(errno)))")
    }
  }
}
