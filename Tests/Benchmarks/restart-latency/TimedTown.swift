// SPDX-License-Identifier: Apache-2.0

import Supervision
import Synchronization
import Town

/// The real town, with a note of when each step of a restart ended.
final class TimedTown: ForwardingTown {
  let town: any TownWorld
  private let noted = Mutex<[(String, Moment)]>([])

  init(_ town: any TownWorld) { self.town = town }

  /// The first end of each step since the last reset; a step that is taken again has a number.
  var marks: [(String, Moment)] { noted.withLock { $0 } }

  func reset() { noted.withLock { $0 = [] } }

  private func note(_ name: String) {
    let now = Moment.now
    noted.withLock { noted in
      let count = noted.count { $0.0.hasPrefix(name) }
      noted.append((count == 0 ? name : "\(name) \(count + 1)", now))
    }
  }

  @concurrent func look(beads: BeadReadings, lives: KnownLives) async -> TownSnapshot {
    note("look begins")
    defer { note("look ends") }
    return await town.look(beads: beads, lives: lives)
  }

  @concurrent func waitForEnd(of life: ProcessLife) async throws {
    try await town.waitForEnd(of: life)
    note("death is seen")
  }

  @concurrent func readAfresh(_ ids: [String]) async -> [String: Reading<Bead?>] {
    defer { note("beads are read afresh") }
    return await town.readAfresh(ids)
  }

  @concurrent func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome {
    note("launch begins")
    defer { note("launch ends") }
    return await town.launch(order)
  }

  @concurrent func screens(of lives: [String: ProcessLife]) async -> [String: PaneScreen] {
    defer { note("screens are read") }
    return await town.screens(of: lives)
  }

  func save(_ ledger: Ledger) throws {
    try town.save(ledger)
    note("ledger is written")
  }
}
