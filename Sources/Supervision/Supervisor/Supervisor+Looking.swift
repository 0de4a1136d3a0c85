// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

/// A look at the whole town, and when it was begun, in time since boot.
struct Look: Sendable {
  var snapshot: TownSnapshot
  var began: Duration

  /// How long a look serves the decisions that wait for nothing but beads. What could be wrong with it by then could
  /// also happen after another look, and each act has its own guard against that.
  static let validity = Duration.milliseconds(250)
}

extension Supervisor {
  /// Looks at the town, or takes the last look, where that is new and the events say nothing of agents.
  ///
  /// All that a turn asks tmux shares one budget: servers that are slow, but answer each question in time, must not make
  /// the turn so long that the service manager takes this process for stuck.
  func look(because events: [SupervisorEvent], ledger: Ledger) async -> Look {
    let uptime = world.uptime()
    if let lastLook, uptime - lastLook.began <= Look.validity, leaveAgentsAlone(events), isReady, postponed.isEmpty,
      lastLook.snapshot.tmuxIsComplete, lastLook.snapshot.registryFailure == nil, ledger.sessionsWithIntents.isEmpty
    {
      return Look(snapshot: lastLook.snapshot.taking(beads, at: bootTime + uptime), began: lastLook.began)
    }
    var snapshot = await CommandBudget.$end.withValue(turnBudgetEnd) {
      await world.look(beads: beads, lives: ledger.knownLives)
    }
    snapshot.time = bootTime + uptime
    return Look(snapshot: snapshot, began: uptime)
  }

  /// Whether no agent can have changed because of these events.
  private func leaveAgentsAlone(_ events: [SupervisorEvent]) -> Bool {
    events.allSatisfy { event in
      switch event {
      case .finished(_, .confirmed), .finished(_, .sent), .finished(_, .announced), .told, .journalled, .tellAgain: true
      case .beat, .timer, .look, .died, .serverDied, .watchdog, .command, .finished, .stop: false
      }
    }
  }
}
