// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Disk {
  /// Removes what a process that was killed while it replaced a file has left in a directory.
  ///
  /// - Parameters:
  ///   - file: only what was to replace this one, a name in the directory; `nil` is any.
  ///   - sparesLiving: whether other processes write there too, possibly right now.
  package static func removeAbandoned(
    in directory: String, of file: String? = nil, sparesLiving: Bool = false
  ) throws(TownFileError) {
    for name in try names(in: directory) {
      guard let (replaced, writer) = replacement(name), writer != getpid(), file == nil || file == replaced,
        !sparesLiving || kill(writer, 0) != 0 && errno == ESRCH
      else { continue }
      try remove("\(directory)/\(name)")
    }
  }

  /// Which file `<file>.<pid>.<random>.new` was to replace, as ``write(_:to:)`` names it, and who has written it.
  private static func replacement(_ name: String) -> (file: String, writer: Int32)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts.last == "new", let writer = Int32(parts[parts.count - 3]), writer > 0 else {
      return nil
    }
    return (parts.dropLast(3).joined(separator: "."), writer)
  }
}
