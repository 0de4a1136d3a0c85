// SPDX-License-Identifier: Apache-2.0

/// What is to be written of one log event: the fields of a journal entry, or one line.
package struct LogEntry: Sendable, Hashable {
  package var parts: [[UInt8]]
  /// Its id, where a receipt is wanted.
  package var id: String?

  package init(parts: [[UInt8]], id: String? = nil) {
    self.parts = parts
    self.id = id
  }

  /// Its bytes in all, for the queue's bound.
  var size: Int { parts.reduce(0) { $0 + $1.count } }
}
