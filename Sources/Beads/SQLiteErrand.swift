// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDBSQLite
import Synchronization

/// One operation on the embedded store: work on a thread of its own, for which its caller waits until a deadline and no
/// longer. SQLite is then told to stop; a thread that hangs in the kernel is left behind.
final class SQLiteErrand: Sendable {
  /// Why an operation was ended before its time.
  enum End: Sendable {
    case deadline
    case cancelled
    case tooMuchWork
  }

  private struct State {
    var end: End?
    /// The address of the connection that it uses.
    var connection: UInt?
    var isFinished = false
    var isAbandoned = false
  }

  let limits: SQLiteLimits
  private let finishBy: ContinuousClock.Instant
  private let state = Mutex(State())

  init(limits: SQLiteLimits) {
    self.limits = limits
    finishBy = .now + limits.deadline
  }

  /// Why it was ended; `nil` where it was not.
  var end: End? { state.withLock { $0.end } }

  /// Whether it has been abandoned.
  var isOver: Bool {
    if ContinuousClock.now >= finishBy { note(.deadline) }
    return end != nil
  }

  func note(_ end: End) { state.withLock { $0.end = $0.end ?? end } }

  /// Begins to use a connection, which is interrupted if the errand is ended meanwhile.
  ///
  /// - Returns: `false` where it was ended already.
  func enter(_ connection: OpaquePointer?) -> Bool {
    let address = connection.map { UInt(bitPattern: $0) }
    return state.withLock { state in
      guard state.end == nil else { return false }
      state.connection = address
      return true
    }
  }

  func leave() { state.withLock { $0.connection = nil } }

  private func stop(_ end: End) {
    state.withLock { state in
      state.end = state.end ?? end
      // The connection cannot be closed meanwhile: it is taken back under the same lock.
      if let connection = state.connection { sqlite3_interrupt(OpaquePointer(bitPattern: connection)) }
    }
  }

  /// Runs `work` on a thread of its own.
  ///
  /// - Throws: what `work` throws; ``Late`` at the deadline; `CancellationError` where the caller was cancelled.
  func run<Value: Sendable>(
    leaving abandoned: Abandoned, _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    guard abandoned.count < Abandoned.limit else { throw Late.allHang }
    let (answers, answer) = AsyncThrowingStream.makeStream(of: Value.self)
    // A serial queue gets a thread of its own, however many others are blocked.
    DispatchQueue(label: "beads").async {
      let result = Result { try work() }
      self.finish(abandoned)
      answer.yield(with: result)
      answer.finish()
    }
    let timer = Task {
      try await Task.sleep(until: finishBy, clock: .continuous)
      self.stop(.deadline)
      answer.finish(throwing: Late.deadline)
    }
    defer { timer.cancel() }
    do {
      for try await value in answers { return value }
    } catch let late as Late {
      abandon(to: abandoned)
      throw late
    }
    stop(.cancelled)
    abandon(to: abandoned)
    throw CancellationError()
  }

  private func finish(_ abandoned: Abandoned) {
    let wasAbandoned = state.withLock { state in
      defer { state.isFinished = true }
      return state.isAbandoned
    }
    if wasAbandoned { abandoned.remove() }
  }

  private func abandon(to abandoned: Abandoned) {
    let isFinished = state.withLock { state in
      state.isAbandoned = !state.isFinished
      return state.isFinished
    }
    if !isFinished { abandoned.add() }
  }
}

/// The number of threads that still hang in abandoned operations.
final class Abandoned: Sendable {
  /// With so many no further one is tried.
  static let limit = 4
  private let threads = Mutex(0)

  var count: Int { threads.withLock { $0 } }
  func add() { threads.withLock { $0 += 1 } }
  func remove() { threads.withLock { $0 -= 1 } }
}

/// An operation that did not end in time.
enum Late: Error {
  case deadline
  /// None was tried: too many of those before have not come back.
  case allHang
}
