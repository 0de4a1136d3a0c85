// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What tells whether the settings file is another one than when it was read: its size, inode and age.
package struct SettingsStamp: Sendable, Hashable {
  private var inode: UInt64 = 0
  private var size: Int64 = 0
  private var seconds: Int = 0
  private var nanoseconds: Int = 0

  /// Of the file as it is now. A file that is missing has a stamp too.
  package init(_ layout: TownLayout) {
    var status = stat()
    guard stat(layout.settings, &status) == 0 else { return }
    (inode, size) = (UInt64(status.st_ino), Int64(status.st_size))
    (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }

  /// What is said while the daemon goes by a file that has changed.
  package static func remark(_ layout: TownLayout) -> String {
    "\(layout.settings) has changed since the daemon has read it; to have it read again: gt daemon reload"
  }
}
