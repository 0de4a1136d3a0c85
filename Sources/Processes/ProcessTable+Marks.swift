// SPDX-License-Identifier: Apache-2.0

import Glibc

extension ProcessTable {
  /// The processes of this user that were started with `variable` in their environment, with its value. What a process
  /// changes in its environment afterwards does not show, and what may not be read bears nothing. `nil` where `/proc`
  /// itself cannot be read.
  ///
  /// Reads no more than the environments, and keeps none of them: an agent is started only after this.
  package func bearers(of variable: String) -> [Int32: String]? {
    guard let pids = ProcessFiles.numbers(in: root) else { return nil }
    let name = Array("\(variable)=".utf8)
    var found: [Int32: String] = [:]
    withUnsafeTemporaryAllocation(byteCount: 256 << 10, alignment: 16) { buffer in
      for pid in pids {
        if let value = value(of: name, pid: pid, buffer: buffer) { found[pid] = value }
      }
    }
    return found
  }

  /// The environment is read in pieces where it is longer than the buffer: nothing hides behind a long one.
  private func value(of name: [UInt8], pid: Int32, buffer: UnsafeMutableRawBufferPointer) -> String? {
    let descriptor = open("\(root)/\(pid)/environ", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, let base = buffer.baseAddress else {
      Self.noteFailure(errno)
      return nil
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid() else { return nil }
    // Each name stands behind a NUL, also the first one.
    let needle = [0] + name
    buffer[0] = 0
    var filled = 1
    while true {
      let count = read(descriptor, base + filled, buffer.count - filled)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      filled += count
      let start = Self.offset(of: needle, in: UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
      if let start {
        let rest = buffer[(start + needle.count)..<filled]
        if let end = rest.firstIndex(of: 0) ?? (count == 0 ? rest.endIndex : nil) {
          return String(decoding: rest[..<end], as: UTF8.self)
        }
      }
      if count == 0 { return nil }
      guard filled == buffer.count else { continue }
      // Room for more: what may be the beginning of a mark moves to the front.
      let kept = start.map { filled - $0 } ?? needle.count
      guard kept < buffer.count else { return nil }
      memmove(base, base + (filled - kept), kept)
      filled = kept
    }
  }

  /// Where a row of bytes that begins with a NUL stands first.
  private static func offset(of needle: [UInt8], in bytes: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var start = 0
    while start + needle.count <= bytes.count {
      guard let found = memchr(base + start, 0, bytes.count - needle.count - start + 1) else { return nil }
      let offset = UnsafeRawPointer(found) - base
      if memcmp(base + offset, needle, needle.count) == 0 { return offset }
      start = offset + 1
    }
    return nil
  }
}
