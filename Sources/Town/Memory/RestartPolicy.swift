// SPDX-License-Identifier: Apache-2.0

/// How one agent's restarts are spaced, and when they are given up for a while: a state machine that
/// knows no clock. It is told what happens and when, and says what follows.
///
/// The first restart is made at once, the next after `initial`, doubling up to `max`; a stable life
/// begins anew. Too many crashes in a sliding window, or too many ends without an error on one piece of
/// work, park the agent: it is tried once for every `probe`, and a stable life clears it.
package struct RestartPolicy: Sendable, Hashable {
  /// What may be done at a moment.
  package enum Verdict: Sendable, Hashable {
    case start
    /// One trial of an agent that is parked.
    case probe
    case wait(until: Timestamp)
    /// Until the next trial; `nil` where no time can be said.
    case parked(Parking, until: Timestamp?)
  }

  /// What a transition means to others.
  package enum Change: Sendable, Hashable {
    case none
    case parked(Parking)
    case cleared(Parking)
  }

  /// Attempts in a row that were not followed by a stable life.
  package internal(set) var attempts = 0
  package internal(set) var lastAttempt: Timestamp?
  /// When it last ended, after which the wait is counted.
  package internal(set) var lastEnd: Timestamp?
  package internal(set) var crashes = SlidingWindow()
  /// Ends without an error, and the work on whose hook they were.
  package internal(set) var exits = SlidingWindow()
  package internal(set) var exitHook: String?
  package internal(set) var parking: Parking?
  /// Since when its program is missing, where it is not parked for that yet.
  package internal(set) var commandMissingSince: Timestamp?

  package init() {}

  /// How long a program may be missing before that parks the agent: package managers replace programs.
  package static let commandPause: Duration = .seconds(30)
  /// How many ends without an error on one hook park the agent.
  package static let exitLimit = 3

  // MARK: What happens

  /// Notes an attempt to start the agent, whatever comes of it.
  package mutating func noteAttempt(at time: Timestamp) {
    attempts += 1
    lastAttempt = time
    parking?.lastProbe = time
  }

  /// Notes that it died.
  package mutating func noteCrash(at time: Timestamp, limits: Policy.Restart) -> Change {
    lastEnd = time
    crashes.note(time, within: limits.loopWindow)
    guard parking == nil, crashes.count(at: time, within: limits.loopWindow) >= limits.loopCount else { return .none }
    let count = crashes.count(at: time, within: limits.loopWindow)
    return park(.crashLoop, "\(counted(count, "crash", "crashes")) within \(limits.loopWindow.inWords)", at: time)
  }

  /// Notes that it ended without an error, when is counted, and that its work is still on its hook.
  package mutating func noteExit(on hook: String, at time: Timestamp, limits: Policy.Restart) -> Change {
    if exitHook != hook { exits = SlidingWindow() }
    exitHook = hook
    exits.note(time, within: limits.loopWindow)
    guard parking == nil, exits.count(at: time, within: limits.loopWindow) >= RestartPolicy.exitLimit else {
      return .none
    }
    return park(.unfinished, "it exits without finishing its work", at: time)
  }

  /// Notes an end that counts for the wait only, until it is known what it means.
  package mutating func noteEnd(at time: Timestamp) { lastEnd = time }

  /// Notes which work is on the hook: that another one was not finished is no reason any longer.
  package mutating func noteHook(_ hook: String?) -> Change {
    guard let hook, let exitHook, hook != exitHook else { return .none }
    self.exitHook = nil
    exits = SlidingWindow()
    guard parking?.reason == .unfinished else { return .none }
    return reset()
  }

  /// Notes that the agent lives at `time`, and has since `birth`; a stable life clears everything.
  package mutating func noteLife(since birth: Timestamp, at time: Timestamp, limits: Policy.Restart) -> Change {
    guard time - birth >= limits.stable, self != RestartPolicy() else { return .none }
    return reset()
  }

  /// Notes whether the program exists that the agent runs. One that is missing is no loop: nothing is
  /// tried until it is there. A second look, ``commandPause`` after the first, parks the agent.
  package mutating func noteCommand(missing program: String?, at time: Timestamp) -> Change {
    switch (parking?.reason, program) {
    case (nil, let program?):
      let since = commandMissingSince ?? time
      commandMissingSince = since
      guard time - since >= RestartPolicy.commandPause else { return .none }
      commandMissingSince = nil
      return park(.noCommand, "its command \(quotedForDisplay(program)) is not there", at: time)
    case (.noCommand?, nil): return reset()
    case (nil, nil): commandMissingSince = nil
    case (.noCommand?, _?), (.crashLoop?, _), (.unfinished?, _): break
    }
    return .none
  }

  /// Begins anew, as for an agent that has never died.
  package mutating func reset() -> Change {
    let former = parking
    self = RestartPolicy()
    return former.map { .cleared($0) } ?? .none
  }

  private mutating func park(_ reason: Parking.Reason, _ words: String, at time: Timestamp) -> Change {
    let parking = Parking(reason: reason, words: words, since: time)
    self.parking = parking
    return .parked(parking)
  }
}

// What follows.
extension RestartPolicy {
  /// What may be done at `time`.
  package func verdict(at time: Timestamp, limits: Policy.Restart) -> Verdict {
    if let parking {
      guard let next = parking.nextProbe(limits: limits) else { return .parked(parking, until: nil) }
      return next <= time ? .probe : .parked(parking, until: next)
    }
    guard let next = nextAttempt(limits: limits), next > time else { return .start }
    return .wait(until: next)
  }

  /// The earliest time of the next attempt by the back-off alone; `nil` where it may be made at once.
  package func nextAttempt(limits: Policy.Restart) -> Timestamp? {
    guard attempts > 0, let lastAttempt else { return nil }
    return Swift.max(lastAttempt, lastEnd ?? lastAttempt) + delay(limits: limits)
  }

  /// The wait that is due after the attempts so far.
  package func delay(limits: Policy.Restart) -> Duration {
    guard attempts > 0 else { return .zero }
    var delay = limits.initial
    for _ in 1..<Swift.max(2, Swift.min(attempts, 40)) where attempts > 1 && delay < limits.max { delay = delay * 2 }
    return Swift.min(delay, limits.max)
  }
}

// Clocks that are set.
extension RestartPolicy {
  /// Puts what lies after `time` at `time`: an agent that waits then waits for a whole span at most, however
  /// far the clock was set back while no daemon could follow it.
  package mutating func clamp(to time: Timestamp) {
    lastAttempt = lastAttempt.map { Swift.min($0, time) }
    lastEnd = lastEnd.map { Swift.min($0, time) }
    crashes.clamp(to: time)
    exits.clamp(to: time)
    parking?.clamp(to: time)
    commandMissingSince = commandMissingSince.map { Swift.min($0, time) }
  }

  /// Follows a clock that was set by `step`.
  package mutating func shift(by step: Duration) {
    lastAttempt = lastAttempt.map { $0 + step }
    lastEnd = lastEnd.map { $0 + step }
    crashes.shift(by: step)
    exits.shift(by: step)
    parking?.shift(by: step)
    commandMissingSince = commandMissingSince.map { $0 + step }
  }
}
