// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Town

@Suite struct PressureRuleTests {
  @Test(
    arguments: [
      (nil, false, false), (nil, true, false), (39.9, false, false), (40, false, true), (39.9, true, true),
      (10, true, true), (9.9, true, false), (0, false, false),
    ] as [(Double?, Bool, Bool)])
  func `agents are slowed down from a high pressure on, until it is low`(
    pressure: Double?, before: Bool, after: Bool
  ) {
    #expect(PressureRule.isHigh(pressure, before: before) == after)
  }

  @Test func `both are events, and a person is told of the first`() {
    let events = [true, false].map { PressureRule.event(isHigh: $0, pressure: 57.2) }
    #expect(events.map(\.kind) == [.agentsThrottled, .agentsRelieved])
    #expect(events[0].reason?.contains("58 %") == true && events.map(\.concernsPerson) == [true, false])
  }
}
