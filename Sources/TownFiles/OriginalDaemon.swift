// SPDX-License-Identifier: Apache-2.0

/// The Go daemon that this one takes the place of. Two supervisors would start every agent twice.
package enum OriginalDaemon {
  /// The pid that its PID file names, whether or not it still runs; `nil` where there is no such file.
  package static func recordedProcess(layout: TownLayout) -> Int32? {
    guard let content = try? Disk.read(layout.originalPIDFile) else { return nil }
    let first = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace).first
    guard let pid = first.flatMap({ Int32($0) }), pid > 1 else { return nil }
    return pid
  }
}
