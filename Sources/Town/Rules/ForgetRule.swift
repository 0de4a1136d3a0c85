// SPDX-License-Identifier: Apache-2.0

/// What is remembered of agents that have left the town is forgotten after a while: names come and go, and the ledger must
/// stay small enough to be read.
package enum ForgetRule {
  /// How long an agent must have been gone: a directory may be moved and come back.
  package static let patience: Duration = .seconds(3_600)

  /// Takes note of a look at the whole town.
  ///
  /// - Parameter isRunning: whether exactly this process runs. What is known of one that does is kept.
  package static func apply(
    to ledger: inout Ledger, snapshot: TownSnapshot, isRunning: (ProcessLife) -> Bool
  ) {
    // Agents that could not be listed are not gone.
    guard snapshot.registryFailure == nil, snapshot.unreadableRigs.isEmpty else { return }
    let present = Set(snapshot.agents.map(\.agent.session))
    for (session, record) in ledger.agents {
      let life = record.life ?? record.death?.life
      // A life of this boot whose end was not told: should the agent come back, its death is.
      let isUntold = record.life?.boot == snapshot.boot
      if present.contains(session) || record.lifecycle != nil || isUntold || life.map(isRunning) == true {
        if record.goneSince != nil { ledger.agents[session]?.goneSince = nil }
      } else if let since = record.goneSince {
        guard snapshot.time - since >= patience else { continue }
        ledger.agents[session] = nil
        ledger.deaths[session] = nil
      } else {
        ledger.agents[session]?.goneSince = snapshot.time
      }
    }
  }
}
