// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the file system says of a file, without opening it.
struct FileFacts: Sendable, Hashable {
  var isSocket: Bool
  var isDirectory: Bool
  /// The permission bits.
  var mode: UInt32
  var owner: UInt32
  /// Seconds since 1970.
  var changed: Int64

  /// `nil` where there is no such file. A link is followed.
  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(
      isSocket: status.st_mode & S_IFMT == S_IFSOCK, isDirectory: status.st_mode & S_IFMT == S_IFDIR,
      mode: status.st_mode & 0o7777, owner: status.st_uid, changed: Int64(status.st_mtim.tv_sec))
  }

  init(isSocket: Bool = false, isDirectory: Bool = false, mode: UInt32, owner: UInt32, changed: Int64 = 0) {
    self.isSocket = isSocket
    self.isDirectory = isDirectory
    self.mode = mode
    self.owner = owner
    self.changed = changed
  }

  /// The mode as `chmod` takes it.
  var octal: String { "0" + String(mode, radix: 8) }
}
