// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Waits until the journal has read what this process has sent to it.
///
/// The journal looks up in `/proc` of which unit the sender of an entry is, when it reads the entry. Where the sender is
/// gone by then, the entry is of no unit: `journalctl -u` and `systemctl status` do not show why a service has ended.
enum JournalBarrier {
  /// An entry without a field, which the journal reads and drops.
  private static let nothing: [UInt8] = [UInt8(ascii: "\n")]

  /// How often it is asked whether that was read.
  private static let pause: Duration = .milliseconds(2)

  /// Whether the journal has read all that was sent before, within `patience`.
  static func wait(within patience: Duration, socketPath: String = LogDestination.journalSocket) async -> Bool {
    guard let descriptor = connect(to: socketPath) else { return false }
    defer { close(descriptor) }
    let end = ContinuousClock.now + patience
    // Entries are read one after the other. Whoever finds the socket full waits with the rest.
    while send(descriptor, nothing, nothing.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) < 0 {
      guard errno == EAGAIN || errno == EINTR, ContinuousClock.now < end else { return false }
      guard (try? await Task.sleep(for: pause)) != nil else { return false }
    }
    while unread(descriptor) > 0 {
      guard ContinuousClock.now < end, (try? await Task.sleep(for: pause)) != nil else { return false }
    }
    return true
  }

  private static func connect(to path: String) -> Int32? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    let result = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  /// How much of what was sent lies in the reader's queue.
  private static func unread(_ descriptor: Int32) -> Int32 {
    var count: Int32 = 0
    return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? count : 0
  }
}
