// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The file that a daemon runs, beside what lies at its path now: an upgrade puts a new one there, and restarts nothing.
struct DaemonProgram: Sendable, Hashable {
  var path: String
  var running: FileIdentity
  /// `nil` where there is no file any more.
  var installed: FileIdentity?

  /// `nil` where the system does not say, as of another user's process.
  static func running(as pid: Int32) -> DaemonProgram? {
    let link = "/proc/\(pid)/exe"
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = readlink(link, &buffer, buffer.count)
    guard length > 0, let running = FileIdentity.of(link) else { return nil }
    let name = String(decoding: buffer[..<length], as: UTF8.self)
    // So the kernel writes of a file that was removed, or replaced.
    let suffix = " (deleted)"
    let path = name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    return DaemonProgram(path: path, running: running, installed: FileIdentity.of(path))
  }

  /// - Parameter isUnit: whether the daemon is that of gastown-daemon.service, which can be told to restart.
  func judge(isUnit: Bool) -> CheckResult {
    guard let installed else {
      return CheckResult(
        .warning, "program", "the daemon runs \(path), which has been removed",
        why: "When it ends, it cannot be started again.")
    }
    if installed == running { return CheckResult(.ok, "program", "the daemon runs \(path) as it is installed") }
    return CheckResult(
      .warning, "program", "the daemon is older than \(path), which was replaced after the daemon was started",
      why: "The fixes of the upgrade are not in effect yet. A restart does not affect any agent.",
      remedy: isUnit ? "gt daemon restart" : nil)
  }
}
