// SPDX-License-Identifier: Apache-2.0

import Testing
@testable import Town

@Suite struct ChangePacerTests {
  @Test func `a single change is read at once, and so is the next after a rest`() {
    var pacer = ChangePacer(longest: .seconds(300))
    #expect(pacer.delay(at: .seconds(10)) == .zero)
    #expect(pacer.delay(at: .seconds(60)) == .zero)
  }

  @Test func `two changes in a row are both read, the second soon`() {
    var pacer = ChangePacer(longest: .seconds(300))
    #expect(pacer.delay(at: .seconds(10)) == .zero)
    let delay = pacer.delay(at: .milliseconds(10_200))
    #expect(delay > .zero && delay <= .seconds(2))
  }

  /// As a store does that changes by being read, or a town that never rests.
  @Test func `changes that never end cost no more than the longest pause`() {
    var pacer = ChangePacer(longest: .seconds(300))
    var time: Duration = .zero
    var readings = 0
    while time < .seconds(24 * 3_600) {
      time += pacer.delay(at: time) + .milliseconds(200)
      readings += 1
    }
    #expect(readings < 24 * 12 + 12, "\(readings) readings in a day")
  }

  @Test func `when it is over the next change is read at once again`() {
    var pacer = ChangePacer(longest: .seconds(300))
    var time: Duration = .zero
    for _ in 0..<20 { time += pacer.delay(at: time) + .milliseconds(200) }
    #expect(pacer.delay(at: time + .seconds(900)) == .zero)
  }
}
