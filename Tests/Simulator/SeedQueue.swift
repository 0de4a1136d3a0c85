// SPDX-License-Identifier: Apache-2.0

import Foundation
import Simulation
import Synchronization

/// Hands seeds out to whoever is free, and keeps what came of them.
final class SeedQueue: Sendable {
  private struct State {
    var known: [UInt64]
    var next: UInt64
    var fresh = 0
    var towns = 0
    var milliseconds: Int64 = 0
    var failed: [UInt64] = []
  }

  private let state: Mutex<State>
  private let limit: Int?
  private let hours: Int?

  /// - Parameters:
  ///   - known: seeds that come before all others.
  ///   - towns: how many fresh ones there are at most; by default one, where `hours` says nothing.
  ///   - hours: how much is to be simulated with fresh ones at least.
  init(known: [UInt64], first: UInt64, towns: Int?, hours: Int?) {
    state = Mutex(State(known: known.reversed(), next: first))
    limit = towns ?? (hours == nil ? (known.isEmpty ? 1 : 0) : nil)
    self.hours = hours
  }

  func next() -> UInt64? {
    state.withLock { state in
      if let seed = state.known.popLast() { return seed }
      if let limit, state.fresh >= limit { return nil }
      if let hours, state.milliseconds >= Int64(hours) * 3_600_000 { return nil }
      state.fresh += 1
      defer { state.next &+= 1 }
      return state.next
    }
  }

  func take(_ outcome: Simulation.Outcome) {
    state.withLock { state in
      state.towns += 1
      state.milliseconds += outcome.milliseconds
      guard let violation = outcome.violation else { return }
      state.failed.append(outcome.scenario.seed)
      print("FAILED \(outcome.scenario.summary): \(violation)")
      fflush(nil)
    }
  }

  var result: (towns: Int, milliseconds: Int64, failed: [UInt64]) {
    state.withLock { ($0.towns, $0.milliseconds, $0.failed.sorted()) }
  }
}
