// SPDX-License-Identifier: Apache-2.0

/// The kinds of events of a town: `GT_EVENT` in the journal.
package enum EventKind: String, Sendable, Hashable, CaseIterable, Codable {
  case daemonReady = "daemon_ready"
  case daemonStopping = "daemon_stopping"
  case settingsReloaded = "settings_reloaded"
  case crashDetected = "crash_detected"
  case lastWords = "last_words"
  case outOfMemory = "out_of_memory"
  case agentStarted = "agent_started"
  case agentRestarted = "agent_restarted"
  case agentReplaced = "agent_replaced"
  case restartFailed = "restart_failed"
  case agentReady = "agent_ready"
  case agentNotReady = "agent_not_ready"
  case agentParked = "agent_parked"
  case agentCleared = "agent_cleared"
  case agentAdopted = "agent_adopted"
  case agentStopped = "agent_stopped"
  case holdSet = "hold_set"
  case holdReleased = "hold_released"
  case agentFrozen = "agent_frozen"
  case agentThawed = "agent_thawed"
  case massDeath = "mass_death"
  case agentsThrottled = "agents_throttled"
  case agentsRelieved = "agents_relieved"
  case restartsHeld = "restarts_held"
  case restartsResumed = "restarts_resumed"
  case staleAgent = "stale_agent"
  case guppViolation = "gupp_violation"
  case orphanedWork = "orphaned_work"
  case lifecycleExecuted = "lifecycle_executed"
  case lifecycleRefused = "lifecycle_refused"
  case spawnTriggered = "spawn_triggered"
  case spawnDropped = "spawn_dropped"
  case storeUnavailable = "store_unavailable"
  case tmuxUnavailable = "tmux_unavailable"

  /// The journal's MESSAGE_ID, by which `journalctl MESSAGE_ID=…` and the catalog know the event.
  /// Made once with `systemd-id128 new`; never reused for anything else.
  package var messageID: String {
    switch self {
    case .daemonReady: "27cab9a7a60c4036b0ff2413d0df38d9"
    case .daemonStopping: "7fcde40f5e5a4fda8e2def1f0f6f39e6"
    case .settingsReloaded: "ef6a791588e147378fa848e5b8a84a91"
    case .crashDetected: "7a45213b1d9743ebab9ed686489df375"
    case .lastWords: "b34e032ffba14943b2567f4ea99ee852"
    case .outOfMemory: "5e3dd0a4a5894760b87281eea314fd86"
    case .agentStarted: "ae52ac6d268b4c58a58e79e8fa45b0b8"
    case .agentRestarted: "de84a2b9969844279995e4f2d81c713d"
    case .agentReplaced: "429f4e32aef44733830c2465945b838a"
    case .restartFailed: "1c8723506dcb4e8a84c85bcfe2e5fd1c"
    case .agentReady: "c9e75dbc03d64289880f765dd1fb78e8"
    case .agentNotReady: "d084ab1513ae46d4913a736c64a6ab2b"
    case .agentParked: "b619b0036f1c4c738d30200a713e464e"
    case .agentCleared: "7e115ff05c4142b99a5882c8abe90837"
    case .agentAdopted: "b95c1c423e784bd8a082c5bd0cacc13f"
    case .holdSet: "54eac0052bc641e784c251c00fd2f04c"
    case .holdReleased: "3b7af428a7214e5eae5865007b8b0bc3"
    case .massDeath: "840b1d7849e440e080034e7cc6480a2f"
    case .agentsThrottled: "c789387fdfba428da1a917a799b02d73"
    case .agentsRelieved: "fdba4a452a1c4074a34c10f3a1e7f5b6"
    case .restartsHeld: "7f227f313514431f8e7f6de7a673426f"
    case .restartsResumed: "11a4d6a3d41b43608f8adbb33ac755c4"
    case .agentStopped: "a78b9fa25cdb4f03926933ecc38b5ea8"
    case .agentFrozen: "8cd3eb4944954efa9c7105b5e99e1748"
    case .agentThawed: "f318eb512f3f4b528fbb829611361528"
    case .staleAgent: "941444bf6d364b35bf7a83104c0a46c5"
    case .guppViolation: "471827cc52144bca8d861894cb6e1009"
    case .orphanedWork: "48ee64db258e4814a36ecc716a4fc99c"
    case .lifecycleExecuted: "ab00bd3c15e94547aaa53857363827f1"
    case .lifecycleRefused: "d1cd23b405a7475699aad75a6ef53f8f"
    case .spawnTriggered: "b36a91e226144cec8d08cf025fdf1d57"
    case .spawnDropped: "7da8d5490c164d41942721ce6982af49"
    case .storeUnavailable: "16120df721fd4ab985a416ed78bf64e4"
    case .tmuxUnavailable: "e9fa3c768ea04dfdb8c7328eb4196ecd"
    }
  }

  /// The log level of the event.
  package var severity: Severity {
    switch self {
    case .daemonReady, .daemonStopping, .settingsReloaded, .lastWords, .agentStarted, .agentAdopted, .agentReady,
      .spawnTriggered:
      .info
    case .agentRestarted, .agentReplaced, .agentCleared, .agentStopped, .holdSet, .holdReleased, .agentFrozen,
      .agentThawed,
      .restartsResumed, .spawnDropped,
      .lifecycleExecuted, .agentsRelieved:
      .notice
    case .crashDetected, .outOfMemory, .agentNotReady, .staleAgent, .guppViolation, .orphanedWork, .restartsHeld,
      .lifecycleRefused, .agentsThrottled:
      .warning
    case .restartFailed, .agentParked, .massDeath, .storeUnavailable, .tmuxUnavailable: .error
    }
  }

  package enum Severity: Sendable { case info, notice, warning, error }
}
