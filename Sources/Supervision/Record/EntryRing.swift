// SPDX-License-Identifier: Apache-2.0

/// The newest entries, at most so many.
struct EntryRing: Sendable {
  private var slots: [EventFeed.Entry?] = []
  private var first = 0
  private var count = 0
  private let limit: Int

  /// - Parameter limit: at least 1.
  init(limit: Int) { self.limit = max(1, limit) }

  /// All of them, the oldest first.
  var all: [EventFeed.Entry] { (0..<count).compactMap { slots[(first + $0) % slots.count] } }

  /// Whether the oldest had to go for it.
  mutating func append(_ entry: EventFeed.Entry) -> Bool {
    if slots.isEmpty { slots = Array(repeating: nil, count: limit) }
    slots[(first + count) % limit] = entry
    if count < limit {
      count += 1
      return false
    }
    first = (first + 1) % limit
    return true
  }

  mutating func popFirst() -> EventFeed.Entry? {
    guard count > 0 else { return nil }
    defer {
      slots[first] = nil
      first = (first + 1) % limit
      count -= 1
    }
    return slots[first]
  }
}
