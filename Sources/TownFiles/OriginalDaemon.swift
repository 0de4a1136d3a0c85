// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The Go daemon that this one takes the place of. Two supervisors would start every agent twice.
package enum OriginalDaemon {
  /// The pid that its PID file names, whether or not it still runs, and when that was written, in
  /// seconds since 1970; `nil` where there is no such file.
  package static func recordedProcess(layout: TownLayout) -> (pid: Int32, writtenAt: Int64)? {
    var status = stat()
    guard stat(layout.originalPIDFile, &status) == 0,
      let content = try? Disk.read(layout.originalPIDFile, limit: FileLimit.processNumber)
    else {
      return nil
    }
    let first = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace).first
    guard let pid = first.flatMap({ Int32($0) }), pid > 1 else { return nil }
    return (pid, Int64(status.st_mtim.tv_sec))
  }
}
