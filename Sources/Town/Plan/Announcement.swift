// SPDX-License-Identifier: Apache-2.0

/// An event that a person should know, as the person's own command gets it: one JSON object on its
/// standard input. Absent values are null.
package struct Announcement: Sendable, Hashable, Codable {
  package var event: String
  package var time: Timestamp
  /// The line that a person reads.
  package var message: String
  package var agent: String?
  package var role: String?
  package var rig: String?
  package var session: String?
  package var bead: String?
  package var pid: Int32?
  package var restarts: Int?
  package var reason: String?

  /// How many wait for the command at most.
  package static let limit = 100

  package init(_ event: TownEvent, at time: Timestamp) {
    self.event = event.kind.rawValue
    self.time = time
    message = event.message
    agent = event.agent?.address
    role = event.agent?.role.rawValue
    rig = event.agent?.rig
    session = event.agent?.session
    bead = event.bead
    pid = event.pid
    restarts = event.restarts
    reason = event.reason
  }
}

extension TownEvent {
  /// Whether a person should know of it: an agent was given up for a while, many died at once, or one of
  /// those who watch the others cannot be brought back. What has been said already is not said again.
  package var concernsPerson: Bool {
    if isRepeated { return false }
    if needsPerson == true { return true }
    switch kind {
    case .agentParked, .massDeath, .agentsThrottled: return true
    case .restartFailed, .agentNotReady:
      switch agent?.role {
      case .deacon?, .witness?: return true
      case .mayor?, .refinery?, .crew?, .polecat?, nil: return false
      }
    case .daemonReady, .daemonStopping, .settingsReloaded, .crashDetected, .lastWords, .outOfMemory, .lifecycleExecuted,
      .lifecycleRefused,
      .agentStarted, .agentRestarted, .agentReplaced, .agentReady, .agentCleared,
      .agentAdopted, .holdSet, .holdReleased, .agentStopped, .agentFrozen, .agentThawed, .staleAgent, .guppViolation,
      .orphanedWork, .restartsHeld,
      .agentsRelieved,
      .restartsResumed, .spawnTriggered,
      .spawnDropped, .storeUnavailable, .tmuxUnavailable:
      return false
    }
  }
}
