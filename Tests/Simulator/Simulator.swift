// SPDX-License-Identifier: Apache-2.0

import Simulation

@main struct Simulator {
  static func main() {
    let seed = CommandLine.arguments.dropFirst().first.flatMap { UInt64($0) } ?? 1
    let count = CommandLine.arguments.dropFirst(2).first.flatMap { UInt64($0) } ?? 1
    let clock = ContinuousClock()
    var hours = 0
    let begin = clock.now
    for seed in seed..<seed + count {
      let scenario = Scenario(seed: seed)
      let outcome = Simulation(scenario, trace: count == 1 ? .everything : .last(60)).run()
      hours += scenario.hours
      if count == 1 { for line in outcome.trace { print(line) } }
      if let violation = outcome.violation {
        print(scenario.summary)
        print(violation)
      }
      if count == 1 {
        print(scenario.summary, outcome.digest, outcome.steps, outcome.effects, outcome.daemons)
        for (key, value) in outcome.counts.sorted(by: { $0.key < $1.key }) { print("  \(key): \(value)") }
      }
    }
    print("\(hours) town-hours in \(clock.now - begin)")
  }
}
