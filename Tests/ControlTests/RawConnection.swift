// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Testing

@testable import Control

/// A connection whose every byte the test decides on. Its calls may block, on threads of their own.
final class RawConnection: Sendable {
  private let descriptor: Int32
  private let output = DispatchQueue(label: "raw-connection-output")
  private let input = DispatchQueue(label: "raw-connection-input")

  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    // So that a test that fails ends.
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    try #require(try #require(UnixAddress(path)).connect(descriptor) == 0)
  }

  deinit { close(descriptor) }

  /// Sends all of it, and returns how much the other end took.
  @discardableResult
  func send(_ text: String) async throws -> Int {
    await on(output) {
      let bytes = Array(text.utf8)
      var sent = 0
      while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
          Glibc.send(self.descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { break }
        sent += count
      }
      return sent
    }
  }

  /// The next reply without its NUL; `nil` where the connection ended before one.
  func receive() async throws -> String? {
    await on(input) {
      var bytes: [UInt8] = []
      var byte: UInt8 = 0
      while recv(self.descriptor, &byte, 1, 0) == 1 {
        if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes.append(byte)
      }
      return nil
    }
  }

  /// Neither sends nor reads any more. That the last reference goes is not enough: a block that has just ended may have one.
  func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  private func on<Result: Sendable>(
    _ queue: DispatchQueue, _ body: @escaping @Sendable () -> Result
  ) async -> Result {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: body()) }
    }
  }
}
