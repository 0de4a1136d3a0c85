// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
@testable import Town
import Testing

/// Ten thousand random histories of one agent against the machine. What is expected is reckoned apart from
/// it, on a clock that nobody sets.
@Suite struct RestartHistoryTests {
  @Test(arguments: 0..<10)
  func `no crash loop runs free, none is parked for ever, no restart is inside its back-off`(batch: UInt64) {
    for seed in batch * 1_000..<(batch + 1) * 1_000 {
      var history = History(seed: seed)
      if let fault = history.run() {
        // Once more, in words.
        history = History(seed: seed)
        history.isTold = true
        _ = history.run()
        Issue.record(
          "seed \(seed), step \(history.step): \(fault)\n\(history.story.suffix(12).joined(separator: "\n"))")
        return
      }
    }
  }

  /// The expectations themselves must be able to fail: a machine without a back-off, and one that never
  /// parks, are found out.
  @Test func `a machine that breaks a promise is found out`() {
    func faults(_ change: (inout Policy.Restart) -> Void) -> Int {
      (0..<300 as Range<UInt64>).count { seed in
        var history = History(seed: seed)
        change(&history.machineLimits)
        return history.run() != nil
      }
    }
    #expect(faults { _ in } == 0)
    #expect(
      faults {
        $0.initial = .milliseconds(1); $0.max = .milliseconds(1)
      } > 100)
    #expect(faults { $0.loopCount = 1_000 } > 100)
    #expect(faults { $0.probe = .seconds(1) } > 50)
    #expect(faults { $0.stable = .seconds(100_000) } > 50)
  }
}

/// A sequence that a seed repeats.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

private struct History {
  var random: SplitMix
  /// What is expected, and what the machine is told: the same, unless a test wants to see it fail.
  var limits = Policy().restart
  var machineLimits = Policy().restart
  var ledger = Ledger()
  var step = 0
  var story: [String] = []

  /// The true time, in milliseconds, and by how much the wall clock is off it.
  var now: Int64 = 0
  var offset: Int64 = 0
  var boot = 1
  var booted: Int64 = 0

  // What is expected, in true time.
  var attempts = 0
  var lastEnd: Int64?
  var lastAttempt: Int64?
  var crashes: [Int64] = []
  var exits: [Int64] = []
  var exitHook = ""
  var isParked = false
  var lastProbe: Int64?
  var parkedAt: Int64 = 0
  /// Whether the clock moved where nobody could follow it since the last attempt.
  var isAdrift = false

  static let agent = Given.toast

  init(seed: UInt64) { random = SplitMix(state: seed) }

  var wall: Timestamp { Timestamp(nanoseconds: Given.now.nanoseconds + (now + offset) * 1_000_000) }

  private mutating func pass(_ milliseconds: Int64) {
    now += milliseconds
    follow()
  }

  private mutating func follow() {
    ledger.follow(now: wall, uptime: .milliseconds(now - booted), boot: "\(boot)")
  }

  /// Whether what happens is written down: that costs more than all the rest.
  var isTold = false

  private mutating func tell(_ text: String) { story.append("  \(now) ms: \(text)") }

  private func milliseconds(_ duration: Duration) -> Int64 { Int64(duration / .milliseconds(1)) }

  /// Runs one history; what went wrong, or `nil`.
  mutating func run() -> String? {
    follow()
    // Agents of every kind: those that die at once, and those that last a while.
    let span: Int64 = [2_000, 60_000, 400_000, 900_000][Int(random.next() % 4)]
    for _ in 0..<Int.random(in: 20...60, using: &random) {
      step += 1
      disturb()
      if let fault = waitOut() ?? start() ?? live(Int64.random(in: 0...span, using: &random)) { return fault }
    }
    return recover()
  }

  /// The daemon is restarted, the clock is set, the host is rebooted, a person begins anew.
  private mutating func disturb() {
    switch random.next() % 16 {
    case 0, 1:
      if isTold { tell("the daemon is restarted") }
      guard let copy = try? JSONDecoder().decode(Ledger.self, from: JSONEncoder().encode(ledger)) else { return }
      ledger = copy
    case 2, 3:
      offset += Int64.random(in: -90_000_000...90_000_000, using: &random)
      if isTold { tell("the clock is set, and is off by \(offset) ms") }
      follow()
    case 4:
      boot += 1
      now += 60_000
      booted = now
      offset += Int64.random(in: -90_000_000...90_000_000, using: &random)
      isAdrift = true
      if isTold { tell("a reboot, and the clock is off by \(offset) ms") }
      follow()
    case 5:
      if isTold { tell("a person begins anew") }
      _ = ledger.reset(History.agent)
      forget()
    default: break
    }
  }

  private mutating func forget() {
    (attempts, lastEnd, lastAttempt, crashes, exits) = (0, nil, nil, [], [])
    (isParked, lastProbe, isAdrift) = (false, nil, false)
  }

  /// Waits for as long as the machine says, asking too early now and then.
  private mutating func waitOut() -> String? {
    for _ in 0..<50 {
      let verdict = ledger[History.agent].restartPolicy.verdict(at: wall, limits: machineLimits)
      guard let until = verdict.until else {
        if case .parked = verdict { return "parked for ever" }
        return nil
      }
      let wait = milliseconds(until - wall)
      let longest = isParked ? limits.probe : limits.max
      guard wait > 0, wait <= milliseconds(longest) else { return "a wait of \(wait) ms" }
      if isTold { tell("waits \(wait) ms") }
      pass(random.next() % 3 == 0 ? Int64.random(in: 0...wait, using: &random) : wait)
      disturbClock()
    }
    pass(milliseconds(limits.probe))
    return nil
  }

  private mutating func disturbClock() {
    guard random.next() % 8 == 0 else { return }
    offset += Int64.random(in: -90_000_000...90_000_000, using: &random)
    follow()
  }

  /// Starts the agent, as the machine allows it, and looks whether it should have.
  private mutating func start() -> String? {
    let verdict = ledger[History.agent].restartPolicy.verdict(at: wall, limits: machineLimits)
    switch verdict {
    case .wait, .parked: return "still not allowed after all that was waited for: \(verdict)"
    case .start where isParked: return "started although it should be parked"
    case .probe where !isParked: return "a trial of one that should not be parked"
    case .start, .probe: break
    }
    // What is written down has milliseconds, rounded down twice.
    if !isAdrift {
      if isParked, now - (lastProbe ?? parkedAt) < milliseconds(limits.probe) - 2 {
        return "a trial \(now - (lastProbe ?? parkedAt)) ms after the last"
      }
      if !isParked, attempts > 0, let since = [lastEnd, lastAttempt].compactMap({ $0 }).max() {
        let delay = min(milliseconds(limits.initial) << Int64(min(attempts - 1, 30)), milliseconds(limits.max))
        if now - since < delay - 2 { return "attempt \(attempts + 1), \(now - since) ms after the last end" }
      }
    }
    if isTold { tell("\(verdict)") }
    isAdrift = false
    // The first of all is no restart.
    if lastEnd != nil || isParked {
      ledger[History.agent].restartPolicy.noteAttempt(at: wall)
      attempts += 1
      lastAttempt = now
      if isParked { lastProbe = now }
    }
    return nil
  }

  /// It lives for a time, and ends in one of several ways.
  private mutating func live(_ length: Int64) -> String? {
    let birth = wall
    let begun = now
    ledger[History.agent].since = birth
    pass(length)
    let since = ledger[History.agent].since ?? birth
    let isStable = now - begun >= milliseconds(limits.stable)
    let change = ledger[History.agent].restartPolicy.noteLife(since: since, at: wall, limits: machineLimits)
    if isStable {
      if isParked, case .cleared = change {} else if isParked { return "a stable life did not clear it" }
      forget()
    } else if case .cleared = change {
      return "cleared after \(now - begun) ms"
    }
    ledger[History.agent].since = nil
    return random.next() % 5 == 0 ? exit() : crash()
  }

  private mutating func crash() -> String? {
    if isTold { tell("a crash") }
    lastEnd = now
    crashes = crashes.filter { now - $0 < milliseconds(limits.loopWindow) } + [now]
    let change = ledger[History.agent].restartPolicy.noteCrash(at: wall, limits: machineLimits)
    return expect(change, parked: crashes.count >= limits.loopCount, "\(crashes.count) crashes")
  }

  private mutating func exit() -> String? {
    let hook = random.next() % 4 == 0 ? "other" : "work"
    if isTold { tell("an end without an error, with \(hook) on its hook") }
    ledger[History.agent].restartPolicy.noteEnd(at: wall)
    lastEnd = now
    pass(milliseconds(limits.exitPause))
    if exitHook != hook {
      exits = []
      // Work that is another clears what the former was parked for.
      if case .cleared = ledger[History.agent].restartPolicy.noteHook(hook) { forget() }
      if lastEnd == nil { lastEnd = now }
    }
    exitHook = hook
    exits = exits.filter { now - $0 < milliseconds(limits.loopWindow) } + [now]
    let change = ledger[History.agent].restartPolicy.noteExit(on: hook, at: wall, limits: machineLimits)
    return expect(change, parked: exits.count >= RestartPolicy.exitLimit, "\(exits.count) ends on \(hook)")
  }

  private mutating func expect(_ change: RestartPolicy.Change, parked: Bool, _ why: String) -> String? {
    let isNew = parked && !isParked
    // Where the clock could not be followed the window's edge is not known.
    if isAdrift || boot > 1 {
      if case .parked = change {
        (isParked, parkedAt, lastProbe) = (true, now, nil)
      }
      return nil
    }
    switch (change, isNew) {
    case (.parked, true):
      (isParked, parkedAt, lastProbe) = (true, now, nil)
      return nil
    case (.none, false): return nil
    case (.none, true): return "not parked after \(why)"
    case (.parked, false): return "parked after \(why)"
    case (.cleared, _): return "cleared by \(why)"
    }
  }

  /// In the end it is well, and whatever has been is over.
  private mutating func recover() -> String? {
    if let fault = waitOut() ?? start() { return fault }
    ledger[History.agent].since = wall
    pass(milliseconds(limits.stable))
    let since = ledger[History.agent].since ?? wall
    let change = ledger[History.agent].restartPolicy.noteLife(since: since, at: wall, limits: machineLimits)
    if isParked, case .cleared = change {} else if isParked { return "a stable life did not clear it in the end" }
    return ledger[History.agent].restartPolicy == RestartPolicy() ? nil : "something is left over"
  }
}
