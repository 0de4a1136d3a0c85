// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import Systemd

@Suite(.timeLimit(.minutes(1))) struct JournalBarrierTests {
  /// A socket that plays the journal's, with what has been sent to it in its queue.
  private func withSocket(_ body: (_ path: String, _ socket: Int32) async throws -> Void) async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory("socket")
      let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      defer { close(descriptor) }
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      let result = withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      try #require(result == 0)
      try await body(path, descriptor)
    }
  }

  @Test func `it waits until what was sent is read, and no longer than it may`() async throws {
    try await withSocket { path, socket in
      #expect(await !JournalBarrier.wait(within: .milliseconds(50), socketPath: path))
      async let isRead = JournalBarrier.wait(within: .seconds(30), socketPath: path)
      var byte: UInt8 = 0
      // Both of them, and the second only after it was sent.
      #expect(recv(socket, &byte, 1, 0) == 1)
      try await Task.sleep(for: .milliseconds(20))
      #expect(recv(socket, &byte, 1, 0) == 1 && byte == UInt8(ascii: "\n"))
      #expect(await isRead)
    }
  }

  @Test func `without a journal it does not wait`() async {
    let start = ContinuousClock.now
    #expect(await !JournalBarrier.wait(within: .seconds(30), socketPath: "/nonexistent/socket"))
    #expect(ContinuousClock.now - start < .seconds(5))
  }
}
