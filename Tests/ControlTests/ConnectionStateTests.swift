// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Control

/// The rules of one connection, without a connection.
struct ConnectionStateTests {
  private typealias State = ConnectionState<ContinuousClock.Instant>

  private let start = ContinuousClock.now
  private let limits = ControlLimits(
    requestBytes: 10, idle: .seconds(60), request: .seconds(10), reply: .seconds(5))

  private func after(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

  @Test func oneRequestIsAnsweredAtATime() {
    var state = State(limits: limits, now: start)
    let bytes = Array("ab\0cd\0e".utf8)
    #expect(state.received(bytes, now: start) == .answer(length: 2))
    #expect(state.received(bytes.dropFirst(3), now: start) == .nothing)
    state.replyStarted(now: start)
    #expect(state.replyEnded(bytes.dropFirst(3), closes: false, now: start) == .answer(length: 2))
    state.replyStarted(now: start)
    #expect(state.replyEnded(bytes.dropFirst(6), closes: false, now: after(1)) == .read)
    #expect(state.deadline == after(11))
  }

  @Test func deadlinesFollowWhatIsAwaited() {
    var state = State(limits: limits, now: start)
    #expect(state.deadline == after(60))
    #expect(state.received(Array("a".utf8), now: after(1)) == .read)
    #expect(state.deadline == after(11))
    // A byte now and then does not buy more time.
    #expect(state.received(Array("ab".utf8), now: after(9)) == .read)
    #expect(state.deadline == after(11))
    #expect(state.timerFired(now: after(10)) == .nothing)
    #expect(state.received(Array("ab\0".utf8), now: after(10)) == .answer(length: 2))
    #expect(state.deadline == nil)
    #expect(state.timerFired(now: after(1000)) == .nothing)
    state.replyStarted(now: after(20))
    #expect(state.deadline == after(25))
    #expect(state.timerFired(now: after(25)) == .close)
    #expect(state.replyEnded([], closes: false, now: after(26)) == .nothing)
  }

  @Test func endOfInputIsTheEndAfterTheReplies() {
    var state = State(limits: limits, now: start)
    #expect(state.received(Array("a\0b\0".utf8), now: start) == .answer(length: 1))
    #expect(state.inputClosed(Array("b\0".utf8), now: start) == .nothing)
    #expect(state.replyEnded(Array("b\0".utf8), closes: false, now: start) == .answer(length: 1))
    #expect(state.replyEnded([], closes: false, now: start) == .close)
    var idle = State(limits: limits, now: start)
    #expect(idle.inputClosed([], now: start) == .close)
  }

  @Test func drainEndsAfterTheReplyThatIsOnItsWay() {
    var idle = State(limits: limits, now: start)
    #expect(idle.drain() == .close)
    var busy = State(limits: limits, now: start)
    #expect(busy.received(Array("a\0".utf8), now: start) == .answer(length: 1))
    #expect(busy.drain() == .nothing)
    busy.replyStarted(now: start)
    #expect(busy.replyEnded(Array("b\0".utf8), closes: false, now: start) == .close)
  }

  @Test func sizeIsOfTheRequestAlone() {
    var state = State(limits: limits, now: start)
    #expect(state.received(Array("0123456789\0xxxxxxxxxxxxxx".utf8), now: start) == .answer(length: 10))
    var whole = State(limits: limits, now: start)
    #expect(whole.received(Array("0123456789a\0".utf8), now: start) == .reject("the request is larger than 10 bytes"))
    var partial = State(limits: limits, now: start)
    #expect(partial.received(Array("0123456789".utf8), now: start) == .read)
    #expect(partial.received(Array("0123456789a".utf8), now: start) == .reject("the request is larger than 10 bytes"))
  }
}
