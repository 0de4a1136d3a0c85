// SPDX-License-Identifier: Apache-2.0

import Town
import Glibc

/// Finds the processes that hold the `flock` of an open file. Any process can write the lock's file, and the kernel
/// names only the process that has taken the lock, which may have ended and left it to a child. The holders are the
/// processes that have the locked file open: `lock:` in `/proc/PID/fdinfo`.
enum LockHolders {
  /// - Parameters:
  ///   - descriptor: the file, opened anew; without its lock.
  ///   - hint: a process that is looked at first, and named before all others.
  /// - Returns: all holders that can be seen; none where they are another user's.
  static func find(of descriptor: Int32, hint: Int32?) -> [Int32] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return [] }
    if let hint, hint > 0, holds(hint, file: status) { return [hint] }
    let processes = ((try? Disk.names(in: "/proc")) ?? []).compactMap { Int32($0) }
    let holders = processes.sorted().filter { holds($0, file: status) }
    // What another user's process has open is not to be seen. Then the file's word is better than none.
    if holders.isEmpty, let hint, hint > 0, Disk.exists("/proc/\(hint)"), access("/proc/\(hint)/fd", R_OK) != 0 {
      return [hint]
    }
    return holders
  }

  private static func holds(_ pid: Int32, file: stat) -> Bool {
    guard let descriptors = try? Disk.names(in: "/proc/\(pid)/fd") else { return false }
    return descriptors.contains { name in
      var status = stat()
      guard stat("/proc/\(pid)/fd/\(name)", &status) == 0, status.st_dev == file.st_dev, status.st_ino == file.st_ino,
        let text = try? Disk.read("/proc/\(pid)/fdinfo/\(name)", limit: FileLimit.processNumber)
      else { return false }
      return String(decoding: text, as: UTF8.self).split(separator: "\n").contains {
        $0.hasPrefix("lock:") && $0.contains("FLOCK")
      }
    }
  }

  /// The program that a process runs, for a message; its name where the file is not to be seen.
  static func program(of pid: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/\(pid)/exe", &buffer, buffer.count - 1)
    if count > 0 {
      let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      // That of one that was replaced by an upgrade ends so.
      let file = path.hasSuffix(" (deleted)") ? String(path.dropLast(" (deleted)".count)) : path
      return displayable(String(file.split(separator: "/").last ?? "an unknown program"))
    }
    let name = (try? Disk.read("/proc/\(pid)/comm", limit: FileLimit.processNumber)) ?? []
    return displayable(String(String(decoding: name, as: UTF8.self).prefix { $0 != "\n" }))
  }

  /// Whether agents may end with a process: a tmux server, an agent, and what has either below it. A client of tmux can
  /// pass an open file to its server.
  static func hostsAgents(_ pid: Int32) -> Bool {
    if program(of: pid).hasPrefix("tmux") { return true }
    let processes = ((try? Disk.names(in: "/proc")) ?? []).compactMap { Int32($0) }
    return processes.contains { process in
      guard isAgent(process) || program(of: process).hasPrefix("tmux") else { return false }
      var ancestor = process
      for _ in 0..<1_000 {
        if ancestor == pid { return true }
        guard let parent = parent(of: ancestor), parent > 0 else { return false }
        ancestor = parent
      }
      return true
    }
  }

  /// Whether this is the first process of an agent: its environment has the mark of a life, and that of its parent has
  /// not.
  private static func isAgent(_ pid: Int32) -> Bool {
    hasLife(pid) && !(parent(of: pid).map(hasLife) ?? false)
  }

  private static func hasLife(_ pid: Int32) -> Bool {
    let environment = (try? Disk.read("/proc/\(pid)/environ", limit: FileLimit.environment)) ?? []
    return environment.split(separator: 0).contains { $0.starts(with: Array("\(AgentRemains.variable)=".utf8)) }
  }

  private static func parent(of pid: Int32) -> Int32? {
    guard let bytes = try? Disk.read("/proc/\(pid)/stat", limit: FileLimit.processNumber),
      let close = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    let fields = String(decoding: bytes[(close + 1)...], as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? Int32(fields[1]) : nil
  }
}
