// SPDX-License-Identifier: Apache-2.0

import Processes
import Town
package import TownFiles

/// Two supervisors would start every agent twice: the original daemon must be gone first.
package enum OriginalDaemonGuard {
  /// - Throws: `TownFileError` with the command that stops it, where it runs.
  package static func check(_ layout: TownLayout) throws(TownFileError) {
    guard let (pid, writtenAt) = OriginalDaemon.recordedProcess(layout: layout) else { return }
    let processes = ProcessTable()
    guard let status = processes.status(pid), status.isAlive else { return }
    // A process that is younger than the file has only been given the pid of one that is gone. The
    // kernel's clock and the file's may be a second or two apart.
    if let start = processes.startOfLife(of: status.identity), start > writtenAt + 5 { return }
    throw TownFileError(
      .held, path: layout.originalPIDFile,
      reason: "the original daemon (pid \(pid), \(displayable(status.name))) supervises this town; stop it first with: "
        + "kill \(pid) (if that process is something else, remove this file)")
  }
}
