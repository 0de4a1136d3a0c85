// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif

extension Disk {
  /// Removes what a process that was killed while it replaced a file has left in a directory.
  package static func removeAbandoned(in directory: String) throws(TownFileError) {
    for name in try names(in: directory) where isAbandoned(name) { try remove("\(directory)/\(name)") }
  }

  /// Whether this is `<file>.<pid>.<random>.new`, as ``write(_:to:)`` names it, of another process.
  private static func isAbandoned(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts.last == "new", let writer = Int32(parts[parts.count - 3]) else { return false }
    return writer != getpid()
  }
}
