// SPDX-License-Identifier: Apache-2.0

/// Events that were decided and that the journal is not known to have. They are written down with their decision, and
/// taken out when the journal has taken them: a supervisor that ends in between leaves them to the next one. So the
/// journal has each at least once, and twice only with the same id.
extension Ledger {
  /// How many are kept at most while the journal takes none.
  package static let untoldLimit = 1000

  /// Gives events their ids, and enters them.
  ///
  /// - Returns: how many others were given up for them, the oldest first.
  package mutating func enter(_ events: inout [TownEvent], at time: Timestamp) -> Int {
    for index in events.indices {
      eventCount = Ledger.bounded(eventCount + 1)
      events[index].id = "\(time)-\(eventCount)"
    }
    untold += events
    let lost = max(untold.count - Ledger.untoldLimit, 0)
    untold.removeFirst(lost)
    return lost
  }

  /// Notes that the journal has taken events.
  package mutating func noteTold(_ ids: Set<String>) {
    guard !ids.isEmpty else { return }
    untold.removeAll { $0.id.map(ids.contains) ?? true }
  }

  /// Whether there is anything to write down that `saved` lacks. That an event has been told is written with the next
  /// change: until then the worst of it is an entry that is repeated.
  package func hasNews(since saved: Ledger) -> Bool {
    guard untold != saved.untold else { return self != saved }
    let known = Set(saved.untold.compactMap(\.id))
    guard untold.allSatisfy({ $0.id.map(known.contains) ?? false }) else { return true }
    var former = saved
    former.untold = untold
    return self != former
  }

  /// One that this version cannot read, of a kind that a later one knows: the rest of the ledger is good nevertheless.
  struct Readable: Decodable {
    var event: TownEvent?
    init(from decoder: any Decoder) throws { event = try? TownEvent(from: decoder) }
  }
}
