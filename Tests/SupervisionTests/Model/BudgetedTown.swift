// SPDX-License-Identifier: Apache-2.0

import Commands
import Supervision
import Synchronization
import Town

/// A town that notes when tmux is asked in a turn, and until when it may be.
final class BudgetedTown: ForwardingTown {
  struct Question: Sendable {
    var name: String
    var askedAt: ContinuousClock.Instant
    /// `nil` where only the commands' own deadlines end it.
    var end: ContinuousClock.Instant?
  }

  let town: any TownWorld
  private let noted = Mutex<[Question]>([])

  init(_ town: any TownWorld) { self.town = town }

  func questions(_ name: String) -> [Question] { noted.withLock { $0.filter { $0.name == name } } }

  private func note(_ name: String) {
    let question = Question(name: name, askedAt: .now, end: CommandBudget.end)
    noted.withLock { $0.append(question) }
  }

  @concurrent func look(beads: BeadReadings, lives: KnownLives) async -> TownSnapshot {
    note("look")
    return await town.look(beads: beads, lives: lives)
  }

  @concurrent func screens(of lives: [String: ProcessLife]) async -> [String: PaneScreen] {
    note("screens")
    return await town.screens(of: lives)
  }
}
