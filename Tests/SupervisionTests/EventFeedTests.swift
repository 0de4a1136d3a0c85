// SPDX-License-Identifier: Apache-2.0

import Logging
import Supervision
import TestSupport
import Testing
import Town

@Suite(.timeLimit(.minutes(1)))
struct EventFeedTests {
  private let time = Timestamp(seconds: 1_000)

  private func event(_ kind: EventKind = .agentStarted, agent: AgentIdentity? = nil) -> TownEvent {
    TownEvent(kind, agent: agent, message: "\(kind.rawValue)")
  }

  @Test func `everybody gets every event, in order and numbered`() async throws {
    let feed = EventFeed()
    feed.publish(event(), at: time)
    let one = try feed.subscribe()
    let other = try feed.subscribe()
    #expect(one.sequence == 1)
    feed.publish(event(.agentReady), at: time)
    feed.publish(event(.crashDetected), at: time)
    for subscription in [one, other] {
      #expect(await subscription.next()?.entry.event.kind == .agentReady)
      let last = await subscription.next()
      #expect(last?.entry.event.kind == .crashDetected && last?.entry.sequence == 3 && last?.lost == 0)
    }
    async let next = one.next()
    feed.publish(event(.massDeath), at: time)
    #expect(await next?.entry.event.kind == .massDeath)
  }

  @Test func `who reads slowly loses the oldest, and is told how many`() async throws {
    let feed = EventFeed(buffer: 3)
    let slow = try feed.subscribe()
    let quick = try feed.subscribe()
    for number in 1...10 {
      feed.publish(event(), at: time)
      #expect(await quick.next()?.entry.sequence == number)
    }
    let first = await slow.next()
    #expect(first?.entry.sequence == 8 && first?.lost == 7)
    #expect(await slow.next()?.lost == 0)
    feed.publish(event(), at: time)
    #expect(await slow.next()?.entry.sequence == 10)
    #expect(await slow.next()?.entry.sequence == 11)
  }

  @Test func `what is still known comes first for whoever wants it`() async throws {
    let feed = EventFeed(known: 3)
    for _ in 1...5 { feed.publish(event(), at: time) }
    let subscription = try feed.subscribe(recent: true)
    feed.publish(event(.crashDetected), at: time)
    for number in 3...6 { #expect(await subscription.next()?.entry.sequence == number) }
  }

  @Test func `what is not wanted is no loss`() async throws {
    let feed = EventFeed(buffer: 2)
    let toast = AgentIdentity.polecat(rig: "rig", name: "toast")
    let subscription = try feed.subscribe { $0.agent == toast }
    feed.publish(event(agent: toast), at: time)
    for _ in 1...5 { feed.publish(event(agent: .deacon), at: time) }
    feed.publish(event(.agentReady, agent: toast), at: time)
    #expect(await subscription.next()?.lost == 0)
    let last = await subscription.next()
    #expect(last?.lost == 0 && last?.entry.sequence == 7)
  }

  @Test func `it ends when its task is cancelled, after what is left, and frees its place when released`() async throws
  {
    let feed = EventFeed(subscribers: 1)
    do {
      let subscription = try feed.subscribe()
      #expect(throws: EventFeed.Full.self) { try feed.subscribe() }
      feed.publish(event(), at: time)
      let task = Task { () -> [Int] in
        var seen: [Int] = []
        while let delivery = await subscription.next() { seen.append(delivery.entry.sequence) }
        return seen
      }
      task.cancel()
      #expect(await task.value == [1])
    }
    try await eventually("its place is free") { (try? feed.subscribe()) != nil }
  }

  /// Two thousand events for thirty-two readers, of whom none reads.
  @Test func `readers that stand still hold up nobody`() throws {
    let feed = EventFeed()
    let subscriptions = try (0..<32).map { _ in try feed.subscribe() }
    let took = ContinuousClock().measure { for _ in 1...2_000 { feed.publish(event(), at: time) } }
    #expect(took < .seconds(20))
    withExtendedLifetime(subscriptions) {}
  }

  @Test func `an event about an agent in a unit of its own is that unit's, too`() {
    let recorded = RecordedJournal()
    let journal = recorded.journal("/town")
    var told = event(.crashDetected, agent: .deacon)
    journal.record(told)
    told.unit = "gastown-agent-deacon.scope"
    journal.record(told)
    #expect(recorded.entries.map { $0["USER_UNIT"] } == [nil, "gastown-agent-deacon.scope"])
  }
}
