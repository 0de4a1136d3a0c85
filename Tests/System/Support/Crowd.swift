// SPDX-License-Identifier: Apache-2.0

import Testing
import Glibc

/// Connections to a Unix socket that send what no client would, and read nothing.
final class Crowd {
  private var descriptors: [Int32] = []

  /// Connects one more, and sends what its socket takes at once.
  ///
  /// - Parameter endsOutput: whether it says that nothing more is to come.
  func send(_ bytes: [UInt8], to path: String, endsOutput: Bool = false) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    try #require(descriptor >= 0)
    descriptors.append(descriptor)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix(100)) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    // A backlog that is full is the other side's answer.
    guard result == 0 else { return }
    _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    if endsOutput { shutdown(descriptor, Int32(SHUT_WR)) }
  }

  /// Sends more on every connection, as far as it is taken.
  func sendMore(_ bytes: [UInt8]) {
    for descriptor in descriptors {
      _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
  }

  func close() {
    for descriptor in descriptors { Glibc.close(descriptor) }
    descriptors = []
  }

  deinit { close() }
}
