// SPDX-License-Identifier: Apache-2.0

/// What is to be written of one log event: the fields of a journal entry, or one line.
package struct LogEntry: Sendable, Hashable {
  package var parts: [[UInt8]]

  package init(parts: [[UInt8]]) { self.parts = parts }

  /// Its bytes in all, for the queue's bound.
  var size: Int { parts.reduce(0) { $0 + $1.count } }
}
