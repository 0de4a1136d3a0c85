// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc
import Processes
import Synchronization

/// A time of CLOCK_MONOTONIC, which the agents can read as well as we.
struct Moment: Comparable {
  var nanoseconds: Int64

  static var now: Moment {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  static func < (one: Moment, other: Moment) -> Bool { one.nanoseconds < other.nanoseconds }
  static func - (one: Moment, other: Moment) -> Duration { .nanoseconds(one.nanoseconds - other.nanoseconds) }
}

/// The agents' first words: each writes its session, its pid and the time into a pipe as its first instructions.
final class Arrivals: Sendable {
  private struct State {
    var rest = ""
    var seen: [String: (process: ProcessIdentity, at: Moment)] = [:]
    var waiters: [String: CheckedContinuation<Void, Never>] = [:]
    var count = 0
  }

  private let state = Mutex(State())
  private let source: any DispatchSourceRead
  private let descriptor: Int32

  /// - Parameter path: of a named pipe, which is made.
  init(path: String) {
    mkfifo(path, 0o600)
    // Also for writing, so that it never ends.
    let descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    self.descriptor = descriptor
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: DispatchQueue(label: "arrivals"))
    source.setEventHandler { [weak self] in self?.read() }
    source.setCancelHandler { close(descriptor) }
    source.activate()
  }

  deinit { source.cancel() }

  var count: Int { state.withLock { $0.seen.count } }

  func process(of session: String) -> ProcessIdentity? { state.withLock { $0.seen[session]?.process } }

  /// When the successor of `process` began, by its own clock reading.
  func next(of session: String, after process: ProcessIdentity) async throws -> Moment {
    while true {
      await withCheckedContinuation { continuation in
        let isThere = state.withLock { state in
          if let seen = state.seen[session], seen.process != process { return true }
          state.waiters[session] = continuation
          return false
        }
        if isThere { continuation.resume() }
      }
      if let seen = state.withLock({ $0.seen[session] }), seen.process != process { return seen.at }
    }
  }

  private func read() {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return }
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    let woken: [CheckedContinuation<Void, Never>] = state.withLock { state in
      let lines = (state.rest + text).split(separator: "\n", omittingEmptySubsequences: false)
      state.rest = String(lines.last ?? "")
      var woken: [CheckedContinuation<Void, Never>] = []
      for line in lines.dropLast() {
        let field = line.split(separator: " ")
        guard field.count == 3, let pid = Int32(field[1]), let time = Int64(field[2]),
          let process = ProcessTable().identity(of: pid)
        else { continue }
        state.seen[String(field[0])] = (process, Moment(nanoseconds: time))
        if let waiter = state.waiters.removeValue(forKey: String(field[0])) { woken.append(waiter) }
      }
      return woken
    }
    for waiter in woken { waiter.resume() }
  }
}
