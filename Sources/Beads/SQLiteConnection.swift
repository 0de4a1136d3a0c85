// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB

#if canImport(Glibc)
  import Glibc
#endif

/// Opens the embedded store's file when it is first needed, once, off the threads that tasks run on.
///
/// A file that was replaced or removed meanwhile is noticed: SQLite would go on reading, and
/// writing, the file that nobody sees any longer.
actor SQLiteConnection {
  private struct FileIdentity: Equatable {
    var device: UInt
    var number: UInt
  }

  private let path: String
  private struct Opening {
    var identity: FileIdentity
    var task: Task<DatabasePool, any Error>
    /// Whether a writer may use it: one that a reader has begun gives up where there are no tables.
    var servesWriters: Bool
  }

  private var opening: Opening?
  /// How long whoever makes a store may take for it.
  private static let patience: Duration = .seconds(5)

  init(path: String) { self.path = path }

  /// The open database; `nil` where there is no file and none is to be made.
  func pool(creating: Bool, attempt: String) async throws -> DatabasePool? {
    if creating { try SQLiteConnection.makeFile(path, attempt: attempt) }
    let end = ContinuousClock.now + Self.patience
    while !creating, try identify(attempt: attempt)?.isEmpty == true {
      // No store is empty once it was made: this would be read as a town in which nobody has anything to do.
      guard ContinuousClock.now < end else { throw Self.unfinished(path, attempt: attempt) }
      try await Task.sleep(for: .milliseconds(10))
    }
    guard let identity = try identify(attempt: attempt)?.identity else {
      opening = nil
      return nil
    }
    if let opening, opening.identity == identity, opening.servesWriters || !creating {
      return try await opening.task.value
    }
    let task = Task { [path] in try await SQLiteConnection.open(path, creating: creating, attempt: attempt) }
    opening = Opening(identity: identity, task: task, servesWriters: creating)
    do {
      let pool = try await task.value
      if opening?.task == task { opening?.servesWriters = true }
      return pool
    } catch {
      // Tried anew by the next caller: what is wrong with the file may be mended by then.
      if opening?.task == task { opening = nil }
      throw error
    }
  }

  private static func unfinished(_ path: String, attempt: String) -> BeadStoreError {
    BeadStoreError(
      .unreadable, attempt: attempt, message: "\(path) is empty: it is just being made, or was cut short")
  }

  private func identify(attempt: String) throws(BeadStoreError) -> (identity: FileIdentity, isEmpty: Bool)? {
    var status = stat()
    guard stat(path, &status) == 0 else {
      let code = errno
      // A link that leads nowhere stands for a file that may be on a disk that is not mounted. Anything else that is
      // there now was made just now.
      if code == ENOENT, lstat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFLNK { return nil }
      throw BeadStoreError(.unavailable, attempt: attempt, message: "\(path): \(String(cString: strerror(code)))")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw BeadStoreError(.unreadable, attempt: attempt, message: "\(path) is not a file")
    }
    return (FileIdentity(device: UInt(status.st_dev), number: UInt(status.st_ino)), status.st_size == 0)
  }

  /// Makes the file, for its owner alone, and the directory that it lies in.
  private static func makeFile(_ path: String, attempt: String) throws(BeadStoreError) {
    var status = stat()
    if stat(path, &status) == 0 { return }
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

  private static func open(_ path: String, creating: Bool, attempt: String) async throws -> DatabasePool {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(with: Result { try openBlocking(path, creating: creating, attempt: attempt) })
      }
    }
  }

  private static func openBlocking(_ path: String, creating: Bool, attempt: String) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    configuration.label = "beads"
    // A higher one has Dispatch raise the priority of threads, which an ordinary user may not.
    configuration.qos = .default
    // Two processes that turn the same new file to WAL at once are told "locked" without waiting.
    let patience = ContinuousClock.now + patience
    while true {
      do {
        let pool = try DatabasePool(path: path, configuration: configuration)
        // Who only reads makes no tables: where there are none, the store is not the one that it was.
        while !creating, try SQLiteSchema.isBlank(pool) {
          guard ContinuousClock.now < patience else { throw unfinished(path, attempt: attempt) }
          usleep(20_000)
        }
        try SQLiteSchema.prepare(pool)
        return pool
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < patience {
        usleep(20_000)
      }
    }
  }
}
