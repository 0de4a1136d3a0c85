// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
@testable import Town

/// What the ledger remembers until the journal has it, and until it is out of an agent's state.json.
@Suite struct UntoldTests {
  private func events(_ count: Int) -> [TownEvent] {
    (0..<count).map { TownEvent(.agentReady, agent: Given.toast, message: "\($0)") }
  }

  @Test func `each event has an id of its own, also two of one moment, and after another daemon`() throws {
    var ledger = Ledger()
    var ids: Set<String> = []
    for _ in 0..<3 {
      var some = events(4)
      _ = ledger.enter(&some, at: Given.now)
      ids.formUnion(some.compactMap(\.id))
      ledger.noteTold(ids)
      ledger = try JSONDecoder().decode(Ledger.self, from: JSONEncoder().encode(ledger))
    }
    #expect(ids.count == 12 && ledger.untold.isEmpty)
  }

  @Test func `an event is read as it was written`() throws {
    var ledger = Ledger()
    var event = TownEvent(
      .crashDetected, agent: Given.toast, message: "died", bead: "gt-1", pid: 7, cause: .signalled(9), restarts: 2,
      reason: "killed")
    event.capsule = "20261130T000000Z-gt"
    event.unit = "gastown-agent-x.scope"
    event.lastWords = ["one", "two"]
    var some = [event]
    _ = ledger.enter(&some, at: Given.now)
    let read = try JSONDecoder().decode(Ledger.self, from: JSONEncoder().encode(ledger))
    #expect(read.untold == some && read == ledger)
  }

  @Test func `a journal that takes nothing for long does not fill the disk; the oldest go, and are counted`() {
    var ledger = Ledger()
    var some = events(Ledger.untoldLimit)
    #expect(ledger.enter(&some, at: Given.now) == 0)
    var more = events(3)
    #expect(ledger.enter(&more, at: Given.now) == 3)
    #expect(ledger.untold.count == Ledger.untoldLimit && ledger.untold.last == more.last)
  }

  @Test func `an event of a kind that a later version knows costs nothing else of the ledger`() throws {
    let text = """
      {"version": 1, "agents": {}, "event_count": 4, "untold": [{"kind": "tomorrows", "message": "x"},
      {"id": "a-1", "kind": "agent_ready", "message": "y", "is_repeated": false, "last_words": []}]}
      """
    let ledger = try JSONDecoder().decode(Ledger.self, from: Data(text.utf8))
    #expect(ledger.untold.map(\.message) == ["y"] && ledger.eventCount == 4)
  }

  @Test func `a ledger of the version before is read, with what it has withdrawn`() throws {
    let text =
      #"{"version": 1, "agents": {"gt-x": {"withdrawn": "cycle", "restarts": 2, "told_not_ready": false, "backoff": {}}}}"#
    let ledger = try JSONDecoder().decode(Ledger.self, from: Data(text.utf8))
    let record = try #require(ledger.agents["gt-x"])
    #expect(record.withdrawn?.all == [.whatever(.cycle)] && record.restarts == 2)
    #expect(try JSONDecoder().decode(Ledger.self, from: JSONEncoder().encode(ledger)) == ledger)
  }

  private static func state(_ actions: LifecycleAction..., time: String? = nil) -> [String: JSONValue] {
    var members: [String: JSONValue] = ["kept": .integer(1)]
    for action in actions { members[action.stateKey] = .bool(true) }
    if let time { members[LifecycleRequest.timeKey] = .string(time) }
    return members
  }

  @Test func `a late withdrawal takes out the request that it is of, and no newer one`() {
    let old = Withdrawal(.cycle, asked: "2026-01-01T00:00:00Z", at: Given.now)
    #expect(Self.state(.cycle, time: "2026-01-01T00:00:00Z").without([old]) == Self.state())
    let newer = Self.state(.cycle, time: "2026-01-01T00:00:05Z")
    #expect(newer.without([old]) == newer)
    let untimed = Self.state(.cycle)
    #expect(untimed.without([old]) == untimed)
    // Where it could not be read which one that was, the time tells.
    let unread = Withdrawal(.cycle, asked: nil, at: Given.now)
    #expect(Self.state(.cycle, time: "\(Given.ago(60))").without([unread]) == Self.state())
    let later = Self.state(.cycle, time: "\(Given.later(60))")
    #expect(later.without([unread]) == later)
    #expect(Self.state(.cycle).without([unread]) == Self.state())
    // At the end of its process everything goes that it asks for.
    #expect(newer.without([.whatever(.cycle)]) == Self.state())
  }

  @Test func `two kinds of request are withdrawn, each for itself`() {
    var record = AgentRecord()
    let (cycle, shutdown) = (
      Withdrawal(.cycle, asked: "t", at: Given.now), Withdrawal(.shutdown, asked: "t", at: Given.now)
    )
    record.withdraw(cycle)
    record.withdraw(shutdown)
    #expect(record.withdrawn?.all == [cycle, shutdown])
    #expect(Self.state(.cycle, .shutdown, time: "t").without([cycle, shutdown]) == Self.state())
    // One that is entered anew while it is being taken out stays.
    let again = Withdrawal(.cycle, asked: "u", at: Given.now)
    record.withdraw(again)
    record.noteWithdrawn([cycle, shutdown])
    #expect(record.withdrawn?.all == [again])
    record.noteClaimed(.cycle)
    #expect(record.withdrawn == nil && record.isEmpty)
  }
}
