// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct TimestampTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000000001Z", 1), ("1969-12-31T23:59:59.999999999Z", -1),
      ("2000-02-29T00:00:00Z", 951_782_400_000_000_000), ("2026-11-22T11:59:52.17Z", 1_795_348_792_170_000_000),
      ("2026-11-22T03:59:52.17-08:00", 1_795_348_792_170_000_000),
      ("2026-11-22T17:29:52.17+05:30", 1_795_348_792_170_000_000),
      ("2026-11-22t11:59:52.170000000z", 1_795_348_792_170_000_000),
      ("2026-11-22 11:59:52.1700000009Z", 1_795_348_792_170_000_000),
      ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
    ] as [(String, Int64)])
  func `reads RFC 3339 in every offset and precision`(text: String, nanoseconds: Int64) {
    #expect(Timestamp(text)?.nanoseconds == nanoseconds)
  }

  @Test(arguments: [
    "", "now", "2026-11-22", "2026-11-22T11:59:52", "2026-11-22T11:59:52.Z", "2026-11-22T11:59:52Z ",
    " 2026-11-22T11:59:52Z",
    "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-00T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00+0800", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+08:60", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "-2026-01-01T00:00:00Z", "2026-1-1T00:00:00Z", "２０２６-01-01T00:00:00Z",
  ])
  func `refuses anything else`(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func `a time that a file has kept equals the time itself in milliseconds`() throws {
    for nanoseconds in [0, 1, 999_999, 1_000_000, 1_795_348_792_170_999_999, -1, -1_000_001] as [Int64] {
      let time = Timestamp(nanoseconds: nanoseconds)
      #expect(Timestamp(time.description) == time.inMilliseconds && time.inMilliseconds <= time)
    }
  }

  @Test func `what is written is read back, over leap years and centuries`() {
    for day in stride(from: -100_000, through: 100_000, by: 61) as StrideThrough<Int64> {
      let time = Timestamp(nanoseconds: day * 86_400_000_000_000 + 45_296_789_000_000)
      #expect(Timestamp(time.description) == time)
    }
  }

  @Test(arguments: [Int64.min, .min + 1_000_000, .max - 1_000_000, .max])
  func `the ends of time are read back, so that no file becomes unreadable by them`(nanoseconds: Int64) throws {
    let written = Timestamp(nanoseconds: nanoseconds).description
    #expect(try #require(Timestamp(written)).description == written)
    #expect(Timestamp(seconds: .max) == Timestamp(nanoseconds: .max))
    #expect(Timestamp(seconds: .min) == Timestamp(nanoseconds: .min))
  }

  @Test func `is written in UTC, with milliseconds where there are any`() {
    #expect(Timestamp("2026-11-22T03:59:52.170999999-08:00")?.description == "2026-11-22T11:59:52.170Z")
    #expect(Timestamp("2024-02-29T00:00:00Z")?.description == "2024-02-29T00:00:00Z")
    #expect(Timestamp(nanoseconds: -1).description == "1969-12-31T23:59:59.999Z")
  }

  @Test func `arithmetic ends at the ends of time, and never traps`() throws {
    let old = try #require(Timestamp("1678-01-01T00:00:00Z"))
    let far = try #require(Timestamp("2261-12-31T23:59:59Z"))
    #expect(far - old == .nanoseconds(Int64.max))
    #expect(old - far == .nanoseconds(Int64.min))
    #expect(far + .seconds(Int64.max) == Timestamp(nanoseconds: .max))
    #expect(old + .seconds(Int64.min) == Timestamp(nanoseconds: .min))
    #expect(Given.now + .seconds(-5) == Given.ago(5))
    #expect(Given.now - Given.ago(5) == .seconds(5))
  }

  @Test(arguments: ["1678-01-01T00:00:00Z", "2261-12-31T00:00:00Z"])
  func `a bead from another century is judged like any other`(text: String) throws {
    let bead = Given.bead(state: "spawning", updated: try #require(Timestamp(text)))
    #expect(
      WorkRule.polecat(bead: .known(bead), at: Given.now, steps: ClockSteps(), policy: Policy()) == .run(hook: "gt-x1"))
  }
}
