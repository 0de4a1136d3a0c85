// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import Town

/// The town's events for the clients that watch them now.
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
    var id: Int
    var isWanted: @Sendable (TownEvent) -> Bool
    var waiting: EntryRing
    var lost = 0
    var isEnded = false
    var reader: CheckedContinuation<Delivery?, Never>?

    /// Takes the event in, or hands it to the client that waits for it.
    mutating func take(_ entry: Entry) -> CheckedContinuation<Delivery?, Never>? {
      guard !isEnded, isWanted(entry.event) else { return nil }
      if let reader {
        self.reader = nil
        return reader
      }
      if waiting.append(entry) { lost += 1 }
      return nil
    }
  }

  private struct State {
    var sequence = 0
    var known: EntryRing
    var subscribers: [Subscriber] = []
    var nextSubscriber = 0
  }

  private let state: Mutex<State>
  private let bufferLimit: Int
  private let subscriberLimit: Int

  /// - Parameters:
  ///   - known: how many of the newest events are kept for clients that come later.
  ///   - buffer: how many events a subscriber may be behind.
  ///   - subscribers: how many may watch at once.
  package init(known: Int = 512, buffer: Int = 512, subscribers: Int = 32) {
    state = Mutex(State(known: EntryRing(limit: known)))
    bufferLimit = buffer
    subscriberLimit = subscribers
  }

  package func publish(_ event: TownEvent, at time: Timestamp) {
    let (entry, readers) = state.withLock { state -> (Entry, [CheckedContinuation<Delivery?, Never>]) in
      state.sequence += 1
      let entry = Entry(event: event, time: time, sequence: state.sequence)
      _ = state.known.append(entry)
      // In place: a copy of every buffer for every event would be dear.
      var readers: [CheckedContinuation<Delivery?, Never>] = []
      for index in state.subscribers.indices {
        if let reader = state.subscribers[index].take(entry) { readers.append(reader) }
      }
      return (entry, readers)
    }
    for reader in readers { reader.resume(returning: Delivery(entry: entry, lost: 0)) }
  }

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
      var waiting = EntryRing(limit: bufferLimit)
      if recent { for entry in state.known.all where isWanted(entry.event) { _ = waiting.append(entry) } }
      state.subscribers.append(Subscriber(id: id, isWanted: isWanted, waiting: waiting))
      return (id, state.sequence)
    }
    guard let made else { throw Full() }
    return EventSubscription(feed: self, id: made.id, sequence: made.sequence)
  }

  fileprivate func next(_ id: Int) async -> Delivery? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { reader in
        let ready = state.withLock { state -> Delivery?? in
          guard let index = state.subscribers.firstIndex(where: { $0.id == id }) else { return .some(nil) }
          if let entry = state.subscribers[index].waiting.popFirst() {
            defer { state.subscribers[index].lost = 0 }
            return Delivery(entry: entry, lost: state.subscribers[index].lost)
          }
          if state.subscribers[index].isEnded { return .some(nil) }
          state.subscribers[index].reader = reader
          return nil
        }
        if let ready { reader.resume(returning: ready) }
      }
    } onCancel: {
      end(id)
    }
  }

  private func end(_ id: Int) {
    let reader = state.withLock { state -> CheckedContinuation<Delivery?, Never>? in
      guard let index = state.subscribers.firstIndex(where: { $0.id == id }) else { return nil }
      state.subscribers[index].isEnded = true
      defer { state.subscribers[index].reader = nil }
      return state.subscribers[index].reader
    }
    reader?.resume(returning: nil)
  }

  fileprivate func remove(_ id: Int) { state.withLock { $0.subscribers.removeAll { $0.id == id } } }
}

/// A client that watches a town's events.
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
