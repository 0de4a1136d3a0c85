// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Systemd

struct StatusLimiterTests {
  private let start = ContinuousClock.now

  @Test func lastLineWinsOnceASecond() {
    var limiter = StatusLimiter<ContinuousClock.Instant>()
    let next = start.advanced(by: .seconds(1))
    #expect(limiter.offer("a", at: start) == .send("a"))
    #expect(limiter.offer("b", at: start.advanced(by: .milliseconds(1))) == .wait(until: next))
    #expect(limiter.offer("c", at: start.advanced(by: .milliseconds(2))) == .wait(until: next))
    #expect(limiter.due(at: start.advanced(by: .milliseconds(900))) == .wait(until: next))
    #expect(limiter.due(at: next) == .send("c"))
    #expect(limiter.due(at: next.advanced(by: .seconds(1))) == .nothing)
  }

  @Test func nothingIsSaidTwice() {
    var limiter = StatusLimiter<ContinuousClock.Instant>()
    _ = limiter.offer("a", at: start)
    #expect(limiter.offer("a", at: start.advanced(by: .seconds(5))) == .nothing)
    // Back to what was said: the one that was held is not.
    _ = limiter.offer("b", at: start.advanced(by: .milliseconds(1)))
    #expect(limiter.offer("a", at: start.advanced(by: .milliseconds(2))) == .nothing)
    #expect(limiter.due(at: start.advanced(by: .seconds(1))) == .nothing)
    #expect(limiter.offer("b", at: start.advanced(by: .seconds(2))) == .send("b"))
  }
}
