// SPDX-License-Identifier: Apache-2.0

import Town

/// The jobs beside the loop. Each is started after its intent was recorded, and ends in an event.
extension SupervisionState {
  /// Begins an effect. What it goes by of this turn is given to it now.
  ///
  /// - Returns: the job's number.
  @discardableResult
  mutating func start(_ effect: Effect, after delay: Duration = .zero) -> Int {
    let job = jobs.add(effect, deadline: uptime + rules.policy.jobLimit + delay)
    var circumstances = Performer.Circumstances(looked: lastLook?.began ?? uptime)
    if case .mark = effect {
      circumstances.lives = ledger.knownLives
      circumstances.clockSteps = ledger.clockSteps
    }
    directives.starts.append(
      Directives.Start(job: job, effect: effect, delay: delay, circumstances: circumstances))
    return job
  }

  /// Starts a reading of the beads where a beat wants one and none is under way.
  private mutating func readBeadsIfWanted() {
    guard beats.isDue, !jobs.isReading else { return }
    beats.beginReading()
    let hooks = beads.hooks.values.filter(\.status.isOver).map(\.id).sorted()
    start(.readBeads(hooks: hooks))
  }

  /// Has the beads read again where some of them could not be, soon at first: who ought to run may be among
  /// them, and nothing else may happen in the town.
  mutating func planReading(at uptime: Duration) {
    if beads.failures.isEmpty {
      beadsRetry.clear()
    } else {
      beadsRetry.plan(at: uptime, longest: rules.policy.heartbeat.active)
    }
  }

  /// Sends the messages that wait, where none are being sent.
  mutating func startTelling() {
    if !jobs.isTelling, let notices = outbox.next() { start(.send(notices)) }
  }

  /// Answers the beats whose outcome is acted upon and recorded, and begins the next where one waits.
  mutating func settleBeats() {
    if jobs.isQuiet { directives.endedBeats += beats.settle() }
    readBeadsIfWanted()
  }

  /// How long to sleep until the heartbeat, or until some decision wants another look.
  func pause(at uptime: Duration) -> Duration {
    // Looks are wanted by the wall clock, which may be set: none is waited for longer than this.
    let longest = rules.policy.heartbeat.dormant
    // While the beads are read the heartbeat is on its way, and the end of that is an event.
    var pause = jobs.isReading ? longest : (heartbeats.due ?? uptime + longest) - uptime
    if let due = beadsRetry.due, !jobs.isReading { pause = min(pause, due - uptime) }
    if let nextLook { pause = min(pause, nextLook - (bootTime + uptime)) }
    return max(pause, .milliseconds(1))
  }
}
