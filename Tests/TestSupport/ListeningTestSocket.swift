// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A Unix socket that listens and never says a word.
package final class ListeningTestSocket: Sendable {
  private let descriptor: Int32

  /// `nil` where it could not be made.
  package init?(_ path: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard made >= 0 else { return nil }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(made, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, listen(made, 64) == 0 else {
      Glibc.close(made)
      return nil
    }
    descriptor = made
  }

  /// Whether anything has connected.
  package var hasClient: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  /// Closes it; its file stays.
  package func close() { Glibc.close(descriptor) }
}
