// SPDX-License-Identifier: Apache-2.0

/// The heartbeats of one supervisor so far, and when the next one is due.
package struct Heartbeats: Sendable {
  package private(set) var count = 0
  package private(set) var last: Timestamp?
  package private(set) var next: Timestamp?
  /// When the next one is due, in time since boot: the wall clock may be set.
  package private(set) var due: Duration?

  package init() {}

  package mutating func note(at time: Timestamp, uptime: Duration, interval: Duration) {
    count += 1
    last = time
    next = time + interval
    due = uptime + interval
  }
}
