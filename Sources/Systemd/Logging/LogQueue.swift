// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logging
import Synchronization

/// The queue between a logger and a sink that may block: a caller that logs never waits.
///
/// Bounded in entries and in bytes. What does not fit, or is refused by the sink, is counted, and the
/// next entry that is written says how many there were.
package final class LogQueue: Sendable {
  private struct State {
    var waiting: [LogEntry] = []
    /// Of those that are waiting and the batch that is being written.
    var entries = 0
    var bytes = 0
    var dropped = 0
    var isDraining = false
  }

  private let state = Mutex(State())
  private let queue: DispatchQueue
  private let capacity: Int
  private let byteCapacity: Int
  private let write: @Sendable (_ entry: LogEntry, _ dropped: Int) -> Bool
  /// Told what becomes of entries that have an id.
  let receipts: LogReceipts?

  /// - Parameter write: writes one entry, and that `dropped` were lost before it; may block. `false`
  ///   where it could not.
  package init(
    capacity: Int = 4096,
    byteCapacity: Int = 16 << 20,
    receipts: LogReceipts? = nil,
    write: @escaping @Sendable (_ entry: LogEntry, _ dropped: Int) -> Bool
  ) {
    self.capacity = capacity
    self.byteCapacity = byteCapacity
    self.receipts = receipts
    self.write = write
    queue = DispatchQueue(label: "log")
  }

  package func append(_ entry: LogEntry) {
    let size = entry.size
    let mustStart = state.withLock { state -> Bool? in
      guard state.entries < capacity, state.bytes + size <= byteCapacity else {
        state.dropped += 1
        return nil
      }
      state.entries += 1
      state.bytes += size
      state.waiting.append(entry)
      defer { state.isDraining = true }
      return !state.isDraining
    }
    if mustStart == true { queue.async { self.drain() } }
    if mustStart == nil { confirm(entry, isWritten: false) }
  }

  /// Waits, at most for `patience`, until all that was appended before has been written; whether it was.
  @discardableResult
  package func flush(within patience: Duration) async -> Bool {
    await FirstResult.wait { result in
      // Behind a drain that is under way, which leaves nothing.
      queue.async { result.resume(true) }
      DispatchQueue.global().asyncAfter(deadline: .now() + patience.timeInterval) { result.resume(false) }
    }
  }

  private func drain() {
    while let batch = nextBatch() {
      for entry in batch {
        let dropped = state.withLock { state in
          defer { state.dropped = 0 }
          return state.dropped
        }
        let isWritten = write(entry, dropped)
        state.withLock { state in
          state.entries -= 1
          state.bytes -= entry.size
          if !isWritten { state.dropped += dropped + 1 }
        }
        confirm(entry, isWritten: isWritten)
      }
    }
  }

  private func confirm(_ entry: LogEntry, isWritten: Bool) {
    guard let receipts, let id = entry.id else { return }
    receipts.note(id, isWritten: isWritten)
  }

  /// The id of an event's entry, where a receipt is wanted for it.
  func id(_ metadata: Logger.Metadata?) -> String? { receipts.flatMap { metadata?[$0.key] }.map { "\($0)" } }

  private func nextBatch() -> [LogEntry]? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isDraining = false
        return nil
      }
      defer { state.waiting = [] }
      return state.waiting
    }
  }
}
