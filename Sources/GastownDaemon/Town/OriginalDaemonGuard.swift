// SPDX-License-Identifier: Apache-2.0

internal import Processes
package import TownFiles

/// Two supervisors would start every agent twice: the original daemon must be gone first.
package enum OriginalDaemonGuard {
  /// - Throws: `TownFileError` with the command that stops it, where it runs.
  package static func check(_ layout: TownLayout) throws(TownFileError) {
    guard let pid = OriginalDaemon.recordedProcess(layout: layout) else { return }
    let processes = ProcessTable()
    guard let status = processes.status(pid), status.isAlive else { return }
    // Pids are used again: only a process that looks like a `gt` is the original.
    guard status.name == "gt" || (processes.arguments(of: pid) ?? []).first?.hasSuffix("/gt") == true else { return }
    throw TownFileError(
      .held, path: layout.originalPIDFile,
      reason: "the original daemon (pid \(pid)) supervises this town; stop it first with: kill \(pid)")
  }
}
