// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The control groups of the unified hierarchy: who lives in which, and whose memory ran out.
package struct ControlGroups: Sendable {
  private let root: String
  private let table: ProcessTable

  /// - Parameter root: where the unified hierarchy is mounted.
  package init(root: String = ControlGroups.mount, table: ProcessTable = ProcessTable()) {
    self.root = root
    self.table = table
  }

  /// The path of a process's group below the root of the unified hierarchy; `nil` where it has none.
  package func path(of pid: Int32) -> String? {
    let lines = ProcessFiles.text("\(table.root)/\(pid)/cgroup")?.split(separator: "\n") ?? []
    guard let line = lines.first(where: { $0.hasPrefix("0::/") }) else { return nil }
    let path = line.dropFirst(3)
    // A group that was removed below a process that still has it.
    return path.hasSuffix(" (deleted)") ? nil : String(path)
  }

  /// The text of a group's `memory.events`; `nil` where the group is gone, or has no memory controller.
  package func memoryEvents(of path: String) -> String? {
    directory(path).flatMap { ProcessFiles.text("\($0)/memory.events") }
  }

  /// The text of a group's `memory.pressure`; `nil` where the group is gone, or the kernel does not say.
  package func memoryPressureText(of path: String) -> String? {
    directory(path).flatMap { ProcessFiles.text("\($0)/memory.pressure") }
  }

  /// Where a group's files are. A path from a file of ours or the kernel's must not lead out of the hierarchy.
  func directory(_ path: String) -> String? {
    guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else { return nil }
    return "\(root)\(path == "/" ? "" : path)"
  }
}

extension ProcessTable {
  /// The time since a process was started, suspensions included, to a hundredth of a second.
  package static func age(startTime: UInt64) -> Duration {
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    let ticks = Int64(sysconf(Int32(_SC_CLK_TCK)))
    let start = Int64(clamping: startTime)
    let began = Duration.seconds(start / ticks) + .nanoseconds(start % ticks * (1_000_000_000 / ticks))
    return .seconds(Int64(now.tv_sec)) + .nanoseconds(Int64(now.tv_nsec)) - began
  }
}
