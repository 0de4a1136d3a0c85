// SPDX-License-Identifier: Apache-2.0

package import Town

/// What the supervisor reports to the process that runs it. Every call must return at once.
package struct SupervisorReports: Sendable {
  /// The first look has been taken.
  package var ready: @Sendable (String) -> Void
  /// One line of truth about the town, after every turn.
  package var status: @Sendable (String) -> Void
  /// The loop has turned, and nothing is overdue.
  package var watchdog: @Sendable () -> Void
  /// Something is as it must never be: this process does nothing more, and another is to take its place.
  package var broken: @Sendable (String) -> Void
  /// Whether this process is still the only one that may supervise the town.
  package var tenure: @Sendable () -> Tenure

  package init(
    ready: @escaping @Sendable (String) -> Void = { _ in }, status: @escaping @Sendable (String) -> Void = { _ in },
    watchdog: @escaping @Sendable () -> Void = {}, broken: @escaping @Sendable (String) -> Void = { _ in },
    tenure: @escaping @Sendable () -> Tenure = { .kept }
  ) {
    self.tenure = tenure
    self.broken = broken
    self.ready = ready
    self.status = status
    self.watchdog = watchdog
  }
}

/// Whether a supervisor still has the town to itself.
package enum Tenure: Sendable, Hashable {
  case kept
  /// It has; what a person should know all the same.
  case remarkable(String)
  /// Another process supervises the town, and how that is known.
  case lost(String)
}

/// How the supervisor itself is.
package struct SupervisorHealth: Sendable, Hashable {
  /// How long the present turn has lasted; `nil` between turns.
  package var turnAge: Duration?
  package var overdueJobs: [String]
  package var heartbeatCount: Int

  /// The longest that a turn may last.
  package static let longestTurn: Duration = .seconds(10)
  /// How long tmux is asked in one turn: what is left is for ending commands that are late, and for files.
  package static let turnBudget: Duration = .seconds(7)

  package var isWell: Bool { (turnAge ?? .zero) <= SupervisorHealth.longestTurn && overdueJobs.isEmpty }
}

/// How many lifecycle requests were dealt with.
package struct RequestCounts: Sendable, Hashable {
  package var executed: Int
  package var refused: Int

  package init(executed: Int = 0, refused: Int = 0) {
    self.executed = executed
    self.refused = refused
  }
}

/// The state of the supervision, for `gt daemon status`.
package struct SupervisorStatus: Sendable, Hashable {
  package var startedAt: Timestamp
  package var lastHeartbeat: Timestamp?
  package var heartbeatCount: Int
  package var nextHeartbeat: Timestamp?
  package var counts: AgentCounts
  package var line: String
  /// What cannot be read or written down at present, and why.
  package var troubles: [String]
}
