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

/// A step of the wall clock against the time in which the machine ran: it was set, or the machine was suspended.
package struct ClockStep: Sendable, Hashable, Codable {
  /// When that was noticed, by the clock as it was just after.
  package var at: Timestamp
  /// By how much it was put forward; less than zero where it was put back. In milliseconds.
  package var milliseconds: Int64
  /// Whether it happened before a daemon was there to notice it, at some time, and may be several; `nil` where it was not.
  package var isUnseen: Bool?

  package init(at: Timestamp, milliseconds: Int64, isUnseen: Bool? = nil) {
    self.at = at
    self.milliseconds = milliseconds
    self.isUnseen = isUnseen
  }

  package var size: Duration { .milliseconds(milliseconds) }

  enum CodingKeys: String, CodingKey {
    case at, milliseconds
    case isUnseen = "is_unseen"
  }
}

/// The steps of the wall clock, the oldest first: by them one knows how old what was written before is, in time in which
/// the machine ran.
package struct ClockSteps: Sendable, Hashable {
  private(set) var steps: [ClockStep]
  /// A machine that is suspended often must not fill the ledger.
  static let limit = 64

  package init(_ steps: [ClockStep] = []) {
    self.steps = []
    for step in steps { note(step) }
  }

  package var isEmpty: Bool { steps.isEmpty }
  package var count: Int { steps.count }

  mutating func note(_ step: ClockStep) {
    steps.append(step)
    guard steps.count > Self.limit else { return }
    // The two oldest become one. What was written between them then counts as younger than it is.
    let oldest = steps.removeFirst()
    steps[0].milliseconds = steps[0].milliseconds.addingReportingOverflow(oldest.milliseconds).partialValue
    if oldest.isUnseen == true { steps[0].isUnseen = true }
  }

  /// What the clock as it is now would have shown when a time was written.
  ///
  /// A time may fit several spans between two steps, as a clock that was put back shows times again: it counts as written
  /// in the last of them, so that nothing is said to be older than it is. What fits none was written when a step was
  /// noticed.
  package func followed(_ time: Timestamp, now: Timestamp) -> Timestamp {
    // Where a span's own clock ended, and how far the present one is ahead of that clock. What is read may be newer than
    // the turn that reads it.
    var end = now + Ledger.clockTolerance
    var ahead = Duration.zero
    var unfit: Timestamp?
    for step in steps.reversed() {
      // A clock that was put back has shown this moment before it was noticed.
      let begin = step.size < .zero ? step.at + (.zero - Ledger.clockTolerance) : step.at
      if begin <= time, time <= end { return time + ahead }
      let former = step.at + (.zero - step.size)
      if unfit == nil, former < time, time < begin { unfit = step.at + ahead }
      ahead += step.size
      end = former
    }
    return time <= end ? time + ahead : unfit ?? time
  }

  /// How long ago a time was at least, in time in which the machine ran. What was written before a step that no daemon
  /// has seen counts as written when that was found.
  package func age(of time: Timestamp, at now: Timestamp) -> Duration {
    var ahead = Duration.zero
    for step in steps.reversed() {
      if step.isUnseen == true { return now - max(followed(time, now: now), step.at + ahead) }
      ahead += step.size
    }
    return now - followed(time, now: now)
  }
}

extension ClockSteps: Codable {
  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode([ClockStep].self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(steps)
  }
}

extension Ledger {
  /// By how much the clocks may drift apart before that counts as a step.
  package static let clockTolerance: Duration = .seconds(1)

  /// Sees whether the wall clock was set since it was last looked at, and moves what is remembered along
  /// with it: waits last as long as they would have. Across a reboot that is unknown; then what would
  /// lie in the future is taken for just now.
  ///
  /// - Parameters:
  ///   - uptime: the time since boot, on the monotonic clock.
  ///   - isWatching: whether a step was noticed when it happened.
  package mutating func follow(now: Timestamp, uptime: Duration, boot: String, isWatching: Bool = true) {
    let zero = now + (.zero - uptime)
    guard let anchor = clock, anchor.boot == boot else {
      clock = ClockAnchor(boot: boot, zero: zero)
      // By a clock that was put back meanwhile, what is written now would lie before the steps of the former boot.
      if let last = clockSteps.steps.last, now < last.at { clockSteps = ClockSteps() }
      for session in agents.keys { agents[session]?.clampTimes(to: now) }
      starts.clamp(to: now)
      deaths = deaths.mapValues { min($0, now) }
      massDeath?.clamp(to: now)
      return
    }
    let step = zero - anchor.zero
    guard step >= Ledger.clockTolerance || step <= .zero - Ledger.clockTolerance else { return }
    clock = ClockAnchor(boot: boot, zero: zero)
    clockSteps.note(
      ClockStep(at: now, milliseconds: Int64(step / .milliseconds(1)), isUnseen: isWatching ? nil : true))
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
    if let since = freeze?.since { freeze?.since = since + step }
    if let thawedAt = freeze?.thawedAt { freeze?.thawedAt = thawedAt + step }
    if let retryAt = adoption?.retryAt { adoption?.retryAt = retryAt + step }
    goneSince = goneSince.map { $0 + step }
    unansweredSince = unansweredSince.map { $0 + step }
  }

  mutating func clampTimes(to time: Timestamp) {
    restartPolicy.clamp(to: time)
    since = since.map { min($0, time) }
    if let at = launch?.at { launch?.at = min(at, time) }
    if let seenAt = death?.seenAt { death?.seenAt = min(seenAt, time) }
    if let since = death?.since { death?.since = min(since, time) }
    if let since = freeze?.since { freeze?.since = min(since, time) }
    if let thawedAt = freeze?.thawedAt { freeze?.thawedAt = min(thawedAt, time) }
    if let retryAt = adoption?.retryAt { adoption?.retryAt = min(retryAt, time) }
    goneSince = goneSince.map { min($0, time) }
    unansweredSince = unansweredSince.map { min($0, time) }
  }
}
