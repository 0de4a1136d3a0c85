// SPDX-License-Identifier: Apache-2.0

import Commands
import Control
import FoundationEssentials
@testable import GTCommands
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct EventsCommandTests {
  private func event(_ name: String = "crash_detected", lost: Int = 0) -> Watch.Reply {
    var event = Watch.Reply(
      event: name, time: "2026-11-23T15:18:00.123456789Z", sequence: 7, town: "/t",
      message: "rig/toast \u{1B}[31m\u{202E}died")
    event.lost = lost
    event.pid = 4711
    return event
  }

  @Test func `people get a line each, with nothing in it that could steer their terminal`() {
    let lines = EventPrinter.lines(event())
    #expect(lines.count == 1)
    #expect(lines[0].hasPrefix("2026-11-23T15:18:00Z crash_detected: rig/toast "))
    #expect(!lines[0].contains("\u{1B}"))
    #expect(EventPrinter.lines(event(lost: 3)).first == "-- 3 events were lost here, because they were read too slowly")
    #expect(EventPrinter.lines(event(Watch.started))[0].hasPrefix("-- 2026-11-23T15:18:00Z "))
  }

  @Test func `tools get one object a line, with null for what does not apply`() throws {
    let text = EventPrinter.json(event(lost: 2))
    #expect(!text.contains("\n") && !text.contains("\u{1B}") && !text.contains("\u{202E}"))
    #expect(
      text.contains(#""event":"crash_detected""#) && text.contains(#""lost":2"#) && text.contains(#""bead":null"#))
    #expect(try JSONDecoder().decode(Watch.Reply.self, from: Data(text.utf8)) == event(lost: 2))
  }

  @Test func `without a daemon there is nothing to watch, and an event that there is not is named`() async throws {
    try await GTTown.with { town in
      let none = try await town.run(["events"])
      #expect(none.status == 69 && none.errors.contains("start it with: gastown-daemon --town \(town.root)"))
      let wrong = try await town.run(["events", "--event", "party"])
      #expect(wrong.status == 64 && wrong.errors.contains("party") && wrong.errors.contains("agent_parked"))
    }
  }
}
