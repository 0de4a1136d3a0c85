// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
@testable import Town
import Testing

/// The machine by itself, on a clock that the tests move by hand.
@Suite struct RestartPolicyTests {
  private let limits = Policy().restart

  private func seconds(_ numbers: Int64...) -> [Duration] { numbers.map { .seconds($0) } }

  @Test func `restarts are spaced 0, 1, 2, 4 and so on up to 300 seconds, and a stable life clears it`() {
    var policy = RestartPolicy()
    var waits: [Duration] = []
    for _ in 0..<12 {
      waits.append(policy.nextAttempt(limits: limits).map { $0 - Given.now } ?? .zero)
      policy.noteAttempt(at: Given.now)
    }
    #expect(waits == seconds(0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300))
    for _ in 0..<10_000 { policy.noteAttempt(at: Given.now) }
    #expect(policy.delay(limits: limits) == .seconds(300))
    #expect(policy.noteLife(since: Given.now, at: Given.later(599), limits: limits) == .none && policy.attempts > 0)
    #expect(policy.noteLife(since: Given.now, at: Given.later(600), limits: limits) == .none)
    #expect(policy == RestartPolicy())
  }

  @Test func `the wait begins when the agent has ended`() {
    var policy = RestartPolicy()
    policy.noteAttempt(at: Given.now)
    _ = policy.noteCrash(at: Given.later(200), limits: limits)
    #expect(policy.verdict(at: Given.later(200), limits: limits) == .wait(until: Given.later(201)))
    #expect(policy.verdict(at: Given.later(201), limits: limits) == .start)
  }

  @Test func `five crashes in a sliding 15 minutes park it, wherever the window began`() {
    // Four at the end of one quarter of an hour and one at the beginning of the next are five.
    var policy = RestartPolicy()
    for second in [0, 890, 895, 899] as [Int64] {
      #expect(policy.noteCrash(at: Given.later(second), limits: limits) == .none)
    }
    // The first has left the window.
    #expect(policy.noteCrash(at: Given.later(900), limits: limits) == .none)
    guard case .parked(let parking) = policy.noteCrash(at: Given.later(901), limits: limits) else {
      Issue.record("not parked")
      return
    }
    #expect(parking.reason == .crashLoop && parking.words == "5 crashes within 15m0s")
    // Once.
    #expect(policy.noteCrash(at: Given.later(902), limits: limits) == .none)
  }

  @Test func `one that is parked is tried every ten minutes, and ten stable minutes clear it`() {
    var policy = RestartPolicy()
    for second in 0..<5 { _ = policy.noteCrash(at: Given.later(Int64(second)), limits: limits) }
    #expect(policy.verdict(at: Given.later(5), limits: limits).until == Given.later(604))
    #expect(policy.verdict(at: Given.later(603), limits: limits).until == Given.later(604))
    #expect(policy.verdict(at: Given.later(604), limits: limits) == .probe)
    policy.noteAttempt(at: Given.later(604))
    _ = policy.noteCrash(at: Given.later(700), limits: limits)
    #expect(policy.verdict(at: Given.later(700), limits: limits).until == Given.later(1204))
    policy.noteAttempt(at: Given.later(1204))
    #expect(policy.noteLife(since: Given.later(1204), at: Given.later(1803), limits: limits) == .none)
    guard case .cleared = policy.noteLife(since: Given.later(1204), at: Given.later(1804), limits: limits) else {
      Issue.record("not cleared")
      return
    }
    #expect(policy == RestartPolicy() && policy.verdict(at: Given.later(1804), limits: limits) == .start)
  }

  @Test func `the third end without an error on one hook parks it, and other work clears that`() {
    var policy = RestartPolicy()
    #expect(policy.noteExit(on: "a", at: Given.now, limits: limits) == .none)
    #expect(policy.noteExit(on: "b", at: Given.later(1), limits: limits) == .none)
    #expect(policy.noteExit(on: "b", at: Given.later(2), limits: limits) == .none)
    guard case .parked(let parking) = policy.noteExit(on: "b", at: Given.later(900), limits: limits) else {
      Issue.record("not parked")
      return
    }
    #expect(parking.reason == .unfinished && parking.words == "it exits without finishing its work")
    #expect(policy.noteHook("b") == .none)
    guard case .cleared = policy.noteHook("c") else {
      Issue.record("not cleared")
      return
    }
    #expect(policy == RestartPolicy())
    for second in [0, 450, 900] as [Int64] { _ = policy.noteExit(on: "d", at: Given.later(second), limits: limits) }
    #expect(policy.parking == nil, "the first had left the window")
  }

  @Test func `a command that is missing for a moment parks nobody and clears nothing`() {
    var policy = RestartPolicy()
    _ = policy.noteCrash(at: Given.ago(5), limits: limits)
    let crashes = policy.crashes
    for second in [0, 29] as [Int64] {
      #expect(policy.noteCommand(missing: "claude", at: Given.later(second)) == .none)
    }
    #expect(policy.noteCommand(missing: nil, at: Given.later(29)) == .none && policy.crashes == crashes)
    // Missing again: that is another time.
    #expect(policy.noteCommand(missing: "claude", at: Given.later(40)) == .none && policy.parking == nil)
  }

  @Test func `a command that is missing is one hold, without a next attempt, until it is there`() {
    var policy = RestartPolicy()
    #expect(policy.noteCommand(missing: "claude", at: Given.ago(30)) == .none)
    guard case .parked(let parking) = policy.noteCommand(missing: "claude", at: Given.now) else {
      Issue.record("not parked")
      return
    }
    #expect(parking.reason == .noCommand && parking.words == "its command 'claude' is not there")
    for _ in 0..<3 { #expect(policy.noteCommand(missing: "claude", at: Given.later(9)) == .none) }
    #expect(policy.verdict(at: Given.later(999_999), limits: limits) == .parked(parking, until: nil))
    #expect(policy.noteCommand(missing: nil, at: Given.later(10)) == .cleared(parking))
    #expect(policy.verdict(at: Given.later(10), limits: limits) == .start)
    // A crash loop is none of its business.
    for _ in 0..<5 { _ = policy.noteCrash(at: Given.now, limits: limits) }
    #expect(policy.noteCommand(missing: "claude", at: Given.now) == .none)
    #expect(policy.noteCommand(missing: nil, at: Given.now) == .none && policy.parking?.reason == .crashLoop)
  }

  @Test func `it is written down whole, and one of before can be read`() throws {
    var policy = RestartPolicy()
    policy.noteAttempt(at: Given.now)
    for _ in 0..<5 { _ = policy.noteCrash(at: Given.now, limits: limits) }
    _ = policy.noteExit(on: "a", at: Given.now, limits: limits)
    policy.noteAttempt(at: Given.later(700))
    let copy = try JSONDecoder().decode(RestartPolicy.self, from: JSONEncoder().encode(policy))
    #expect(copy == policy && copy.parking?.lastProbe == Given.later(700))
    let old = Data(#"{"attempts":3,"last_attempt":"2027-01-15T08:00:00Z"}"#.utf8)
    let decoded = try JSONDecoder().decode(RestartPolicy.self, from: old)
    #expect(decoded.attempts == 3 && decoded.nextAttempt(limits: limits) == Given.later(4))
  }

  @Test func `a clock that is set in the same boot changes no wait, and after a reboot none is longer than whole`() {
    var ledger = Ledger()
    ledger.follow(now: Given.now, uptime: .seconds(100), boot: "b1")
    for _ in 0..<4 { ledger[Given.toast].restartPolicy.noteAttempt(at: Given.now) }
    for _ in 0..<5 { _ = ledger[.deacon].restartPolicy.noteCrash(at: Given.now, limits: limits) }
    ledger[Given.toast].since = Given.now
    ledger.starts.note(Given.now, within: .seconds(60))
    // A year back, three seconds later.
    let past = Given.ago(365 * 86_400)
    ledger.follow(now: past, uptime: .seconds(103), boot: "b1")
    #expect(ledger[Given.toast].restartPolicy.verdict(at: past, limits: limits).until == past + .seconds(5))
    #expect(ledger[.deacon].restartPolicy.verdict(at: past, limits: limits).until == past + .seconds(597))
    #expect(ledger[Given.toast].since == past + .seconds(-3) && ledger.starts.times == [past + .seconds(-3)])
    // And forth again: nothing is over early.
    ledger.follow(now: Given.later(4), uptime: .seconds(104), boot: "b1")
    #expect(ledger[Given.toast].restartPolicy.verdict(at: Given.later(4), limits: limits).until == Given.later(8))
    // Small steps do not cost a write.
    let before = ledger
    ledger.follow(now: Given.later(4) + .milliseconds(900), uptime: .seconds(104), boot: "b1")
    #expect(ledger == before)
    ledger.follow(now: past, uptime: .seconds(5), boot: "b2")
    #expect(ledger[Given.toast].restartPolicy.verdict(at: past, limits: limits).until == past + .seconds(8))
    #expect(ledger[.deacon].restartPolicy.verdict(at: past, limits: limits).until == past + .seconds(600))
  }
}

extension RestartPolicy.Verdict {
  /// When it may be tried; `nil` where that is now, or no time can be said.
  var until: Timestamp? {
    switch self {
    case .start, .probe: nil
    case .wait(let until): until
    case .parked(_, let until): until
    }
  }
}
