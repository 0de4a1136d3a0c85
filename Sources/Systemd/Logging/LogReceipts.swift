// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which entries have been written, of those that bear an id: a queue between a logger and its sink can drop what it
/// was given, and ends with its process.
package final class LogReceipts: Sendable {
  private struct State {
    var written: Set<String> = []
    var lost: Set<String> = []
    var isAnnounced = false
    var listener: (@Sendable () -> Void)?
  }

  /// The key of the metadata that has an entry's id.
  package let key: String
  private let state = Mutex(State())

  package init(key: String) { self.key = key }

  /// Has `listener` called, on any thread, when the first receipt has come after ``take()``. It must return at once.
  package func listen(_ listener: (@Sendable () -> Void)?) { state.withLock { $0.listener = listener } }

  /// The receipts since this was last asked for: the ids of the entries that were written, and of those that were not.
  package func take() -> (written: Set<String>, lost: Set<String>) {
    state.withLock { state in
      defer {
        state.written = []
        state.lost = []
        state.isAnnounced = false
      }
      return (state.written, state.lost)
    }
  }

  /// Notes what became of an entry.
  package func note(_ id: String, isWritten: Bool) {
    let listener = state.withLock { state -> (@Sendable () -> Void)? in
      if isWritten { state.written.insert(id) } else { state.lost.insert(id) }
      defer { state.isAnnounced = true }
      return state.isAnnounced ? nil : state.listener
    }
    listener?()
  }
}
