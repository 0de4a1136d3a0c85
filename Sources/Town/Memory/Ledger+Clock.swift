// SPDX-License-Identifier: Apache-2.0

/// By how much the wall clock is ahead of the time since boot.
package struct ClockAnchor: Sendable, Hashable, Codable {
  package var boot: String
  /// The moment of the wall clock at which the other one stood at zero.
  package var zero: Timestamp

  package init(boot: String, zero: Timestamp) {
    self.boot = boot
    self.zero = zero
  }
}

/// The last time that the wall clock was set while somebody looked.
package struct ClockStep: Sendable, Hashable, Codable {
  /// When that was noticed, by the clock as it has been since.
  package var at: Timestamp
  /// By how much it was put forward; less than zero where it was put back. In milliseconds.
  package var milliseconds: Int64

  package var size: Duration { .milliseconds(milliseconds) }
}

extension Ledger {
  /// What the clock as it is now would have shown when somebody else wrote a time down.
  package func followed(_ time: Timestamp, now: Timestamp) -> Timestamp {
    guard let step = clockStep else { return time }
    // What lies in the future was written before the clock was put back, as was what is older than that. In between
    // it may be either.
    if step.milliseconds < 0 {
      return time <= step.at || time - now > Ledger.clockTolerance ? time + step.size : time
    }
    return step.at - time >= step.size ? time + step.size : time
  }

  /// By how much the clocks may drift apart before that counts as a step.
  package static let clockTolerance: Duration = .seconds(1)

  /// Sees whether the wall clock was set since it was last looked at, and moves what is remembered along
  /// with it: waits last as long as they would have. Across a reboot nobody can tell; then what would
  /// lie in the future is taken for just now.
  ///
  /// - Parameter uptime: the time since boot, on a clock that nobody sets.
  package mutating func follow(now: Timestamp, uptime: Duration, boot: String) {
    let zero = now + (.zero - uptime)
    guard let anchor = clock, anchor.boot == boot else {
      clock = ClockAnchor(boot: boot, zero: zero)
      for session in agents.keys { agents[session]?.clampTimes(to: now) }
      starts.clamp(to: now)
      deaths = deaths.mapValues { min($0, now) }
      massDeath?.clamp(to: now)
      return
    }
    let step = zero - anchor.zero
    guard step >= Ledger.clockTolerance || step <= .zero - Ledger.clockTolerance else { return }
    clock = ClockAnchor(boot: boot, zero: zero)
    clockStep = ClockStep(at: now, milliseconds: Int64(step / .milliseconds(1)))
    for session in agents.keys { agents[session]?.shiftTimes(by: step) }
    starts.shift(by: step)
    deaths = deaths.mapValues { $0 + step }
    massDeath?.shift(by: step)
  }
}

extension AgentRecord {
  /// Follows a clock that was set. What was read of beads keeps their times.
  mutating func shiftTimes(by step: Duration) {
    restartPolicy.shift(by: step)
    since = since.map { $0 + step }
    if let at = launch?.at { launch?.at = at + step }
    if let seenAt = death?.seenAt { death?.seenAt = seenAt + step }
    if let since = death?.since { death?.since = since + step }
  }

  mutating func clampTimes(to time: Timestamp) {
    restartPolicy.clamp(to: time)
    since = since.map { min($0, time) }
    if let at = launch?.at { launch?.at = min(at, time) }
    if let seenAt = death?.seenAt { death?.seenAt = min(seenAt, time) }
    if let since = death?.since { death?.since = min(since, time) }
  }
}
