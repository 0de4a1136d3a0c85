// SPDX-License-Identifier: Apache-2.0

import Foundation
import Simulation
import Synchronization

/// Hands seeds out to whoever is free, and keeps what came of them.
final class SeedQueue: Sendable {
  private struct State {
    var known: [Scenario.Known]
    var next: UInt64
    var fresh = 0
    var towns = 0
    var milliseconds: Int64 = 0
    /// Of these, those of towns that last as long as they were told to.
    var long: Int64 = 0
    var failed: [Scenario.Known] = []
  }

  private let state: Mutex<State>
  private let options: Options
  private let limit: Int?

  /// How long a long town lasts: what builds up in one only shows after days.
  static let longLength = 48

  /// - Parameters:
  ///   - known: towns that come before all others.
  ///   - options: how many fresh ones there are, and of what kind.
  init(known: [Scenario.Known], options: Options) {
    state = Mutex(State(known: known.reversed(), next: options.seed))
    self.options = options
    limit = options.towns ?? (options.townHours == nil ? (known.isEmpty ? 1 : 0) : nil)
  }

  func next() -> Scenario.Known? {
    state.withLock { state in
      if let known = state.known.popLast() { return known }
      if let limit, state.fresh >= limit { return nil }
      var length = options.hours
      if let hours = options.townHours, state.milliseconds - state.long >= Int64(hours) * 3_600_000 {
        guard state.long < Int64(options.longTownHours) * 3_600_000 else { return nil }
        length = Self.longLength
      }
      state.fresh += 1
      defer { state.next &+= 1 }
      return options.fresh(state.next, hours: length)
    }
  }

  func take(_ outcome: Simulation.Outcome, of town: Scenario.Known) {
    state.withLock { state in
      state.towns += 1
      state.milliseconds += outcome.milliseconds
      if options.longTownHours > 0, town.hours != nil { state.long += outcome.milliseconds }
      guard let violation = outcome.violation else { return }
      state.failed.append(town)
      print("FAILED \(outcome.scenario.summary): \(violation)")
      fflush(nil)
    }
  }

  var result: (towns: Int, milliseconds: Int64, failed: [Scenario.Known]) {
    state.withLock { ($0.towns, $0.milliseconds, $0.failed.sorted { $0.seed < $1.seed }) }
  }
}
