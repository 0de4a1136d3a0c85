// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Looks at the files of the embedded store before SQLite opens them.
///
/// SQLite opens any file under the names of its files, and waits for ever in a named pipe, beyond any deadline. A file
/// that is put there between this check and the opening is not excluded; reading has a deadline too.
enum SQLiteFiles {
  /// The names that SQLite puts behind that of the database.
  static let suffixes = ["", "-journal", "-wal", "-shm"]

  struct Identity: Sendable, Equatable {
    var device: UInt
    var number: UInt
  }

  struct Database: Sendable, Equatable {
    var identity: Identity
    var isEmpty: Bool
  }

  /// The database as it is now; `nil` where there is none.
  ///
  /// - Throws: where one of the files is not a regular one of this user.
  static func look(_ path: String, attempt: String) throws(BeadStoreError) -> Database? {
    var found: Database?
    for suffix in suffixes {
      let file = path + suffix
      var status = stat()
      guard lstat(file, &status) == 0 else {
        let code = errno
        if code == ENOENT { continue }
        throw BeadStoreError(.unavailable, attempt: attempt, message: "\(file): \(String(cString: strerror(code)))")
      }
      let isShared = !suffix.isEmpty && status.st_nlink > 1
      if let objection = isShared
        ? "has another name (a hard link)" : objection(mode: status.st_mode, owner: status.st_uid, user: geteuid())
      {
        let remedy =
          suffix.isEmpty ? "put the file itself there, or move this away" : "move it away ('mv \(file) /tmp/')"
        throw BeadStoreError(
          .unreadable, attempt: attempt, message: "\(file) \(objection), and is not opened: \(remedy)")
      }
      if suffix.isEmpty {
        found = Database(
          identity: Identity(device: UInt(status.st_dev), number: UInt(status.st_ino)), isEmpty: status.st_size == 0)
      }
    }
    return found
  }

  /// Why a file is not to be opened; `nil` where nothing speaks against it.
  static func objection(mode: mode_t, owner: uid_t, user: uid_t) -> String? {
    switch mode & S_IFMT {
    case S_IFREG: break
    case S_IFLNK: return "is a symbolic link"
    case S_IFIFO: return "is a named pipe"
    case S_IFDIR: return "is not a file, but a directory"
    default: return "is not a file"
    }
    // root could have changed the program itself.
    guard owner == user || owner == 0 || user == 0 else { return "belongs to another user (uid \(owner))" }
    return nil
  }
}
