// SPDX-License-Identifier: Apache-2.0

/// What is to come, by virtual time: a heap. Of two things at one time the one that was entered first comes
/// first.
package struct Agenda<Item: Sendable>: Sendable {
  package struct Entry: Sendable {
    /// Milliseconds since the simulation began, without those in which the machine was suspended.
    package var time: Int64
    fileprivate var sequence: UInt64
    package var item: Item

    fileprivate func precedes(_ other: Entry) -> Bool { (time, sequence) < (other.time, other.sequence) }
  }

  private var heap: [Entry] = []
  private var sequence: UInt64 = 0

  package init() {}

  package mutating func enter(_ item: Item, at time: Int64) {
    sequence += 1
    heap.append(Entry(time: time, sequence: sequence, item: item))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// The time of what comes next.
  package var next: Int64? { heap.first?.time }

  package mutating func take() -> Entry? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].precedes(heap[least]) { least = child }
      }
      guard least != parent else { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  /// Moves the times of some of it; the order of what comes at one time stays.
  package mutating func reschedule(_ time: (Item, Int64) -> Int64) {
    let entries = heap.sorted { $0.precedes($1) }
    heap = []
    sequence = 0
    for entry in entries { enter(entry.item, at: time(entry.item, entry.time)) }
  }
}
