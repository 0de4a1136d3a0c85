// SPDX-License-Identifier: Apache-2.0

/// The next thing that will happen to an agent, and when.
package struct NextStep: Sendable, Hashable {
  /// Whether a daemon is running to do it.
  package enum Daemon: Sendable, Hashable {
    case running(nextHeartbeat: Timestamp?)
    case stopped
  }

  package var what: String
  /// `nil` where it is unknown, or where it waits for something to happen.
  package var at: Timestamp?

  package init(_ what: String, at: Timestamp? = nil) {
    self.what = what
    self.at = at
  }

  /// - Parameter spawn: its entry among the agents that have not been told to begin.
  package init(
    after finding: Finding, spawn: PendingSpawn?, daemon: Daemon, at time: Timestamp, policy: Policy
  ) {
    let step = NextStep.withDaemon(finding, spawn: spawn, daemon: daemon, at: time, policy: policy)
    switch daemon {
    case .running: self = step
    case .stopped where finding.decision == .leave: self = NextStep(step.what)
    case .stopped: self = NextStep("nothing, as no daemon runs; once one does (gt daemon start): \(step.what)")
    }
  }

  private static func withDaemon(
    _ finding: Finding, spawn: PendingSpawn?, daemon: Daemon, at time: Timestamp, policy: Policy
  ) -> NextStep {
    let heartbeat: Timestamp? = if case .running(let next) = daemon { next } else { nil }
    switch finding.decision {
    case .alive:
      guard let spawn else { return NextStep("it continues; its end would be detected at once") }
      if spawn.isTold == true {
        return NextStep(
          "its first prompt was an argument of its command; the daemon waits until it has taken it, or gives up",
          at: (spawn.firstSeen ?? spawn.spawnedAt) + policy.spawnPrune)
      }
      return NextStep(
        "it is told to begin when its prompt shows, or the daemon gives up",
        at: (spawn.firstSeen ?? spawn.spawnedAt) + policy.spawnPrune)
    case .start: return NextStep("it is started", at: time)
    case .restart: return NextStep("it is restarted", at: time)
    case .leave:
      return NextStep("nothing, unless its bead or a hold changes; both are checked", at: heartbeat)
    case .wait: return NextStep("it is judged again, and started if it still has to run", at: finding.until)
    case .parked:
      guard let until = finding.until else {
        return NextStep("its command is looked for, and it is started once that is found", at: heartbeat)
      }
      return NextStep("it is tried once; to start it earlier: gt session reset \(finding.subject)", at: until)
    case .underway: return NextStep("the current job ends, and it is judged again")
    case .stuck: return NextStep("it is tried again", at: finding.until ?? time + TownRules.retry)
    case .unknown: return NextStep("it is checked again", at: finding.until ?? time + TownRules.retry)
    case .mark: return NextStep("its bead is marked dead", at: heartbeat)
    case .tell: return NextStep("the message is sent", at: heartbeat)
    }
  }

  package var line: String { what + (at.map { ", at \($0)" } ?? "") }
}
