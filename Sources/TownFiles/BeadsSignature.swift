// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What tells whether a `.beads` directory holds other beads than before: size and age of the files in
/// which `bd` keeps them. Reading beads makes and removes an empty write-ahead log, which is no change.
package struct BeadsSignature: Sendable, Hashable {
  private struct File: Sendable, Hashable {
    var size: Int64
    var seconds: Int
    var nanoseconds: Int
  }

  private var files: [String: File] = [:]

  /// - Parameter directory: one that cannot be listed has nothing in it.
  package init(directory: String) {
    for name in (try? Disk.names(in: directory)) ?? [] {
      guard name.hasSuffix(".db") || name.hasSuffix(".db-wal") || name.hasSuffix(".jsonl") || name.hasSuffix(".json")
      else { continue }
      var status = stat()
      guard stat("\(directory)/\(name)", &status) == 0, status.st_size > 0 else { continue }
      files[name] = File(
        size: Int64(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
  }
}
