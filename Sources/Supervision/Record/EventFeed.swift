// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
package import Town

/// The town's events for those who watch them now.
///
/// Telling it costs the supervisor next to nothing and never waits: each subscriber has a bounded buffer,
/// from which the oldest go when its reader is too slow, counted.
package final class EventFeed: Sendable {
  /// One event with its place in the daemon's life.
  package struct Entry: Sendable, Hashable {
    package var event: TownEvent
    package var time: Timestamp
    /// Counts from 1.
    package var sequence: Int
  }

  /// What a subscriber gets next.
  package struct Delivery: Sendable, Hashable {
    package var entry: Entry
    /// How many it has lost just before this one.
    package var lost: Int
  }

  /// As many watch as can be served.
  package struct Full: Error {}

  private struct Subscriber {
    var isWanted: @Sendable (TownEvent) -> Bool
    var waiting: [Entry] = []
    var lost = 0
    var isEnded = false
    var reader: CheckedContinuation<Delivery?, Never>?
  }

  private struct State {
    var sequence = 0
    var known: [Entry] = []
    var subscribers: [Int: Subscriber] = [:]
    var nextSubscriber = 0
  }

  private let state = Mutex(State())
  private let knownLimit: Int
  private let bufferLimit: Int
  private let subscriberLimit: Int

  /// - Parameters:
  ///   - known: how many of the newest events are kept for those who come later.
  ///   - buffer: how many events a subscriber may be behind.
  ///   - subscribers: how many may watch at once.
  package init(known: Int = 512, buffer: Int = 512, subscribers: Int = 32) {
    knownLimit = known
    bufferLimit = buffer
    subscriberLimit = subscribers
  }

  package func publish(_ event: TownEvent, at time: Timestamp) {
    let deliveries = state.withLock { state -> [(CheckedContinuation<Delivery?, Never>, Delivery)] in
      state.sequence += 1
      let entry = Entry(event: event, time: time, sequence: state.sequence)
      state.known.append(entry)
      if state.known.count > knownLimit { state.known.removeFirst(state.known.count - knownLimit) }
      var deliveries: [(CheckedContinuation<Delivery?, Never>, Delivery)] = []
      for (id, subscriber) in state.subscribers where !subscriber.isEnded && subscriber.isWanted(event) {
        if let reader = subscriber.reader {
          state.subscribers[id]?.reader = nil
          deliveries.append((reader, Delivery(entry: entry, lost: 0)))
        } else {
          state.subscribers[id]?.waiting.append(entry)
          if subscriber.waiting.count >= bufferLimit {
            state.subscribers[id]?.waiting.removeFirst()
            state.subscribers[id]?.lost += 1
          }
        }
      }
      return deliveries
    }
    for (reader, delivery) in deliveries { reader.resume(returning: delivery) }
  }

  /// How many watch now.
  package var subscriberCount: Int { state.withLock { $0.subscribers.count } }

  /// Begins to watch. It ends when the subscription is released; what happens once its task is cancelled is not
  /// told any more.
  ///
  /// - Parameters:
  ///   - recent: whether the events that are still known come first.
  ///   - isWanted: asked for each event, under a lock: it must be quick.
  package func subscribe(
    recent: Bool = false, where isWanted: @escaping @Sendable (TownEvent) -> Bool = { _ in true }
  ) throws(Full) -> EventSubscription {
    let made = state.withLock { state -> (id: Int, sequence: Int)? in
      guard state.subscribers.count < subscriberLimit else { return nil }
      let id = state.nextSubscriber
      state.nextSubscriber += 1
      var subscriber = Subscriber(isWanted: isWanted)
      if recent { subscriber.waiting = state.known.filter { isWanted($0.event) }.suffix(bufferLimit) }
      state.subscribers[id] = subscriber
      return (id, state.sequence)
    }
    guard let made else { throw Full() }
    return EventSubscription(feed: self, id: made.id, sequence: made.sequence)
  }

  fileprivate func next(_ id: Int) async -> Delivery? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { reader in
        let ready = state.withLock { state -> Delivery?? in
          guard var subscriber = state.subscribers[id] else { return .some(nil) }
          if subscriber.waiting.isEmpty {
            if subscriber.isEnded { return .some(nil) }
            subscriber.reader = reader
            state.subscribers[id] = subscriber
            return nil
          }
          let delivery = Delivery(entry: subscriber.waiting.removeFirst(), lost: subscriber.lost)
          subscriber.lost = 0
          state.subscribers[id] = subscriber
          return delivery
        }
        if let ready { reader.resume(returning: ready) }
      }
    } onCancel: {
      end(id)
    }
  }

  private func end(_ id: Int) {
    let reader = state.withLock { state in
      state.subscribers[id]?.isEnded = true
      defer { state.subscribers[id]?.reader = nil }
      return state.subscribers[id]?.reader
    }
    reader?.resume(returning: nil)
  }

  fileprivate func remove(_ id: Int) { state.withLock { $0.subscribers[id] = nil } }
}

/// One who watches a town's events.
package final class EventSubscription: Sendable {
  /// The number of the last event before this began.
  package let sequence: Int
  private let feed: EventFeed
  private let id: Int

  fileprivate init(feed: EventFeed, id: Int, sequence: Int) {
    self.feed = feed
    self.id = id
    self.sequence = sequence
  }

  deinit { feed.remove(id) }

  /// Waits for the next event; `nil` when the task is cancelled and nothing is left to be told. Not to be called
  /// twice at once.
  package func next() async -> EventFeed.Delivery? { await feed.next(id) }
}
