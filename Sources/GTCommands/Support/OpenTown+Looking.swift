// SPDX-License-Identifier: Apache-2.0

import Beads
import CommandSupport
import Supervision
import Town

extension OpenTown {
  /// The one look of all commands: with the lives that the ledger knows, so that no agent with a running process counts
  /// as gone, even if tmux does not show it.
  ///
  /// - Returns: what was seen, and the ledger; where that cannot be read, why, and then no lives are known.
  func look(beads: BeadReadings) async -> (snapshot: TownSnapshot, ledger: Result<Ledger, any Error>) {
    let ledger = Result { try world.loadLedger(settingAside: false) }
    let lives = (try? ledger.get())?.knownLives ?? [:]
    let snapshot = await world.look(beads: beads, lives: lives)
    return (snapshot, ledger)
  }
}
