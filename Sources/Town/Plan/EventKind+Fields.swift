// SPDX-License-Identifier: Apache-2.0

extension EventKind {
  /// The journal fields that every event of this kind has: what the catalog's texts may rely on.
  package var fields: Set<String> {
    var fields: Set<String> = ["GT_EVENT", "GT_TOWN"]
    if isAboutOneAgent { fields.formUnion(["GT_AGENT", "GT_SESSION"]) }
    if hasReason { fields.insert("GT_REASON") }
    return fields
  }

  private var isAboutOneAgent: Bool {
    switch self {
    case .daemonReady, .daemonStopping, .settingsReloaded, .holdSet, .holdReleased, .massDeath, .agentsThrottled,
      .agentsRelieved, .restartsHeld,
      .restartsResumed,
      .lifecycleRefused, .spawnDropped, .storeUnavailable, .tmuxUnavailable:
      false
    case .crashDetected, .lastWords, .outOfMemory, .agentStarted, .agentAdopted, .agentRestarted, .agentReplaced,
      .restartFailed,
      .agentReady,
      .agentNotReady,
      .agentParked, .agentCleared, .agentStopped, .agentFrozen, .agentThawed, .staleAgent, .guppViolation,
      .orphanedWork, .lifecycleExecuted,
      .spawnTriggered:
      true
    }
  }

  private var hasReason: Bool {
    switch self {
    case .daemonReady, .daemonStopping, .settingsReloaded, .lastWords: false
    default: true
    }
  }
}
