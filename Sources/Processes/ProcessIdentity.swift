// SPDX-License-Identifier: Apache-2.0

/// One process, for as long as the machine runs: the kernel hands out a pid again, but not with the
/// same start.
package struct ProcessIdentity: Sendable, Hashable, Codable {
  package var pid: Int32
  /// When it was started, in clock ticks since boot: field 22 of `/proc/PID/stat`.
  package var startTime: UInt64

  package init(pid: Int32, startTime: UInt64) {
    self.pid = pid
    self.startTime = startTime
  }
}

extension ProcessIdentity: CustomStringConvertible {
  package var description: String { "\(pid)@\(startTime)" }
}
