// SPDX-License-Identifier: Apache-2.0

import Testing
import Glibc

/// A journal's socket of a test's own, which reads when the test does.
final class JournalStandIn {
  private let descriptor: Int32
  private let path: String

  init(at path: String) throws {
    self.path = path
    unlink(path)
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    try #require(descriptor >= 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    try #require(bytes.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(result == 0, "\(path): \(String(cString: strerror(errno)))")
    chmod(path, 0o666)
  }

  /// What waits in the socket, entry by entry.
  func read() -> [String] {
    var entries: [String] = []
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    while case let count = recv(descriptor, &buffer, buffer.count, 0), count >= 0 {
      entries.append(String(decoding: buffer[..<count], as: UTF8.self))
    }
    return entries
  }

  func remove() { unlink(path) }

  deinit { close(descriptor) }
}
