// SPDX-License-Identifier: Apache-2.0

/// When something happened of late: what is older than a span is no longer counted, at every moment
/// anew. There are no fixed periods at whose turn the count would begin at nothing.
package struct SlidingWindow: Sendable, Hashable {
  /// The oldest first.
  package private(set) var times: [Timestamp] = []

  package init() {}

  /// How many moments are kept at most; more than any limit that can be set needs.
  private static let capacity = 100_000

  /// Notes one more, and forgets what has left the window.
  package mutating func note(_ time: Timestamp, within span: Duration) {
    times.removeAll { time - $0 >= span }
    times.append(time)
    if times.count > SlidingWindow.capacity { times.removeFirst(times.count - SlidingWindow.capacity) }
  }

  /// How many there were in the `span` before `time`; one exactly that old is no longer in it.
  package func count(at time: Timestamp, within span: Duration) -> Int { times.count { time - $0 < span } }

  /// The first moment, from `time` on, at which fewer than `limit` are in the window.
  package func opening(at time: Timestamp, within span: Duration, below limit: Int) -> Timestamp {
    let present = times.filter { time - $0 < span }
    guard present.count >= limit else { return time }
    return present[present.count - Swift.max(limit, 1)] + span
  }

  /// Puts what lies after `time`, on a clock that was set back, at `time`.
  package mutating func clamp(to time: Timestamp) {
    guard let last = times.last, last > time else { return }
    times = times.map { Swift.min($0, time) }
  }

  /// Follows a clock that was set.
  package mutating func shift(by step: Duration) { times = times.map { $0 + step } }
}

/// A plain array of times.
extension SlidingWindow: Codable {
  package init(from decoder: any Decoder) throws {
    times = try decoder.singleValueContainer().decode([Timestamp].self).sorted().suffix(SlidingWindow.capacity)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(times)
  }
}
