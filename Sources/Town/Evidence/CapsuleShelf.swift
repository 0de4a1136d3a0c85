// SPDX-License-Identifier: Apache-2.0

/// How many capsules are kept: the newest, in number and in size.
package enum CapsuleShelf {
  package struct File: Sendable, Hashable {
    package var name: String
    /// In bytes.
    package var size: Int64

    package init(name: String, size: Int64) {
      self.name = name
      self.size = size
    }
  }

  package static let countLimit = 500
  package static let byteLimit: Int64 = 100_000_000

  /// The capsules that have to go, the oldest first. The newest one stays, regardless of its size.
  ///
  /// - Parameter files: capsules alone, in the order in which they were written.
  package static func excess(
    _ files: [File], count: Int = countLimit, bytes: Int64 = byteLimit
  ) -> [String] {
    var kept = 0
    var size: Int64 = 0
    var isFull = false
    var gone: [String] = []
    for file in files.reversed() {
      isFull = isFull || kept >= count || (kept > 0 && size + file.size > bytes)
      if isFull {
        gone.append(file.name)
      } else {
        kept += 1
        size += file.size
      }
    }
    return gone.reversed()
  }
}
