// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where the agents say that they began: the reading end of a FIFO.
struct Arrivals {
  struct Arrival {
    var name: String
    var pid: pid_t
    /// CLOCK_MONOTONIC, nanoseconds.
    var time: Int64
  }

  let path: String
  /// The latest life of each agent.
  private(set) var living: [String: Arrival] = [:]
  private let descriptor: Int32
  private var rest: [UInt8] = []
  private var unread: [Arrival] = []

  init(path: String) throws {
    self.path = path
    unlink(path)
    guard mkfifo(path, 0o600) == 0 else { throw Problem("mkfifo \(path): \(String(cString: strerror(errno)))") }
    // Read and write: it stays open when no agent has it open. As large as it may be, for many at once.
    descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw Problem("open \(path): \(String(cString: strerror(errno)))") }
    // F_SETPIPE_SZ, which Glibc's module does not show.
    _ = fcntl(descriptor, 1_031, 1 << 20)
  }

  /// The next one that begins, in the order in which they said so; `nil` when nobody did by `deadline`.
  mutating func next(by deadline: Int64) -> Arrival? {
    while unread.isEmpty {
      let wait = deadline - Clock.now
      guard wait > 0 else { return nil }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      _ = poll(&entry, 1, Int32(min(wait / 1_000_000 + 1, 60_000)))
      receive()
    }
    let arrival = unread.removeFirst()
    living[arrival.name] = arrival
    return arrival
  }

  /// Takes notice of all that has been said.
  mutating func drain() {
    receive()
    while !unread.isEmpty { _ = next(by: Clock.now + 1_000_000) }
  }

  /// Waits until each of these has begun at least once.
  mutating func wait(for names: [String], seconds: Double) throws {
    let deadline = Clock.now + Int64(seconds * 1e9)
    drain()
    var missing = Set(names).subtracting(living.keys)
    while !missing.isEmpty {
      guard let arrival = next(by: deadline) else {
        throw Problem("\(missing.count) agents have not begun, \(missing.min() ?? "") among them")
      }
      missing.remove(arrival.name)
    }
  }

  mutating func forget(_ names: [String]) {
    for name in names { living[name] = nil }
  }

  private mutating func receive() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 { rest += buffer[..<count] }
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
      rest.removeSubrange(...end)
      guard words.count == 3, let pid = pid_t(words[1]), let time = Int64(words[2]) else { continue }
      unread.append(Arrival(name: String(words[0]), pid: pid, time: time))
    }
  }
}
