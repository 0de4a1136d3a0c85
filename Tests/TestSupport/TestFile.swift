// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whole files, for tests.
package enum TestFile {
  /// The bytes of a file; `nil` where there is none.
  package static func bytes(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  /// The text of a file; `nil` where there is none.
  package static func text(_ path: String) -> String? {
    bytes(path).map { String(decoding: $0, as: UTF8.self) }
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Writes a file, in one step as others see it.
  package static func write(_ text: String, to path: String, mode: UInt32 = 0o644) {
    let temporary = path + ".new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    precondition(descriptor >= 0, "cannot write \(path): \(String(cString: strerror(errno)))")
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      precondition(count > 0, "cannot write \(path): \(String(cString: strerror(errno)))")
      rest = rest.dropFirst(count)
    }
    fchmod(descriptor, mode)
    close(descriptor)
    precondition(rename(temporary, path) == 0, "cannot rename \(path): \(String(cString: strerror(errno)))")
  }
}
