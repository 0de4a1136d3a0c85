// SPDX-License-Identifier: Apache-2.0

import CSystemd

#if canImport(Glibc)
  import Glibc
#endif

extension ServiceManager {
  /// Gives the manager a descriptor to keep: the next process of this service gets it back by `name`,
  /// after a crash as well.
  ///
  /// The manager keeps it whatever becomes of it: a pidfd whose process has ended tells just that. Blocks for
  /// as long as the manager does not read; meant for a queue of the caller's own.
  ///
  /// - Parameter name: at most 255 ASCII characters without control characters and `:`.
  package static func store(_ descriptor: Int32, name: String) -> Outcome {
    withUnsafePointer(to: descriptor) { pointer in
      outcome(sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDPOLL=0\nFDNAME=\(LineText.flattened(name))", pointer, 1))
    }
  }

  /// Has the manager close what it keeps under `name`.
  package static func removeStored(name: String) -> Outcome {
    outcome(sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=\(LineText.flattened(name))"))
  }

  private static func outcome(_ result: Int32) -> Outcome {
    result > 0 ? .sent : result == 0 ? .notManaged : .failed(-result)
  }
}
