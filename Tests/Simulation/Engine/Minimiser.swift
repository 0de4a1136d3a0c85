// SPDX-License-Identifier: Apache-2.0

/// Makes a failing scenario small: takes incidents away for as long as the same promise is broken (delta
/// debugging).
package struct Minimiser {
  package struct Result: Sendable {
    /// Which of the scenario's incidents are left.
    package var kept: [Int]
    package var outcome: Simulation.Outcome
    /// How many simulations it took.
    package var runs: Int
  }

  private let scenario: Scenario
  private let plant: SeededDefect?
  private let limit: Int
  private var runs = 0

  /// - Parameter limit: how many simulations it may take.
  package init(_ scenario: Scenario, plant: SeededDefect? = nil, limit: Int = 400) {
    self.scenario = scenario
    self.plant = plant
    self.limit = limit
  }

  /// - Returns: `nil` where the scenario breaks no promise.
  package static func minimise(_ scenario: Scenario, plant: SeededDefect? = nil, limit: Int = 400) -> Result? {
    var minimiser = Minimiser(scenario, plant: plant, limit: limit)
    return minimiser.minimise()
  }

  private mutating func minimise() -> Result? {
    guard let first = run(Array(scenario.entries.indices)), let violation = first.violation else { return nil }
    // What comes after the failure has no part in it.
    var kept = scenario.entries.indices.filter { scenario.entries[$0].time <= violation.time }
    var best = first
    if let outcome = fails(kept, as: violation) { best = outcome } else { kept = Array(scenario.entries.indices) }
    var parts = 2
    while kept.count > 1, runs < limit {
      let size = (kept.count + parts - 1) / parts
      let smaller = stride(from: 0, to: kept.count, by: size).lazy.compactMap { start -> [Int]? in
        var rest = kept
        rest.removeSubrange(start..<min(start + size, kept.count))
        return rest
      }
      var found = false
      for rest in Array(smaller) where runs < limit {
        guard let outcome = fails(rest, as: violation) else { continue }
        (kept, best, found) = (rest, outcome, true)
        break
      }
      if found {
        parts = max(2, parts - 1)
      } else if size == 1 {
        break
      } else {
        parts = min(kept.count, parts * 2)
      }
    }
    if kept.count == 1, let outcome = fails([], as: violation) { (kept, best) = ([], outcome) }
    return Result(kept: kept, outcome: best, runs: runs)
  }

  private mutating func fails(_ kept: [Int], as violation: Violation) -> Simulation.Outcome? {
    guard let outcome = run(kept), outcome.violation?.promise == violation.promise else { return nil }
    return outcome
  }

  private mutating func run(_ kept: [Int]) -> Simulation.Outcome? {
    runs += 1
    return Simulation(scenario.keeping(kept), plant: plant, trace: .last(40)).run()
  }
}
