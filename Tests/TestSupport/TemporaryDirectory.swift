// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A directory for one test. Its path is short, as that of a socket may have 107 bytes at most.
package struct TemporaryDirectory: Sendable, CustomStringConvertible {
  /// Canonical, as `getcwd` in it would say.
  package let path: String

  private init() {
    let base = "/tmp/gst-"
    while true {
      let candidate = base + String(UInt64.random(in: .min ... .max), radix: 36)
      if mkdir(candidate, 0o700) == 0 {
        path = candidate
        return
      }
      precondition(errno == EEXIST, "no directory for a test: \(String(cString: strerror(errno)))")
    }
  }

  package var description: String { path }

  /// The path of something in the directory.
  package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes a directory in this one, its parents too, and returns its path.
  @discardableResult
  package func makeDirectory(_ name: String) -> String {
    var current = path
    for part in name.split(separator: "/") {
      current += "/\(part)"
      precondition(mkdir(current, 0o755) == 0 || errno == EEXIST, "cannot make \(current)")
    }
    return current
  }

  /// Runs `body` with a new directory, which is removed when it returns or throws.
  package static func with<Result>(_ body: (TemporaryDirectory) async throws -> Result) async throws -> Result {
    let directory = TemporaryDirectory()
    defer { directory.remove() }
    return try await body(directory)
  }

  private func remove() { Self.remove(path) }

  /// Removes a tree; a link is removed, not followed.
  private static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR, let stream = opendir(path) {
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { continue }
        let name = String(
          cString: UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self))
        if name != ".", name != ".." { remove("\(path)/\(name)") }
      }
    }
    _ = Glibc.remove(path)
  }
}
