// SPDX-License-Identifier: Apache-2.0

import Town

/// A look at the whole town, and when it was begun, in time since boot.
struct Look: Sendable {
  var snapshot: TownSnapshot
  var began: Duration

  /// How long a look serves the decisions that wait for nothing but beads. What could be wrong with it by then could
  /// also happen after another look, and each act has its own guard against that.
  static let validity = Duration.milliseconds(250)
}

extension SupervisionState {
  /// The last look, where it is new enough for a turn with these events and they say nothing of agents; `nil` where the
  /// town has to be looked at.
  func lastLook(for draft: TurnDraft) -> Look? {
    guard let lastLook, uptime - lastLook.began <= Look.validity, draft.leavesAgentsAlone, isReady,
      draft.commands.isEmpty, lastLook.snapshot.tmuxIsComplete, lastLook.snapshot.registryFailure == nil,
      draft.plan.ledger.sessionsWithIntents.isEmpty
    else { return nil }
    return Look(snapshot: lastLook.snapshot.taking(beads, at: bootTime + uptime), began: lastLook.began)
  }

  /// A look that was begun at the present step's time.
  func look(_ snapshot: TownSnapshot) -> Look {
    var snapshot = snapshot
    snapshot.time = bootTime + uptime
    return Look(snapshot: snapshot, began: uptime)
  }
}

extension SupervisorEvent {
  /// Whether no agent can have changed because of it.
  var leavesAgentsAlone: Bool {
    switch self {
    case .finished(_, .confirmed), .finished(_, .sent), .finished(_, .announced), .told, .journalled, .tellAgain: true
    case .beat, .timer, .look, .died, .serverDied, .watchdog, .command, .finished, .stop: false
    }
  }
}
