// SPDX-License-Identifier: Apache-2.0

/// The lives that could not be put into control groups of their own, and when that is tried again. In time since boot.
package struct ConfinementRetries: Sendable {
  package static let pause: Duration = .seconds(60)
  private var failures: [ProcessLife: Duration] = [:]

  package init() {}

  package func isDue(_ life: ProcessLife, at uptime: Duration) -> Bool {
    failures[life].map { uptime - $0 >= ConfinementRetries.pause } ?? true
  }

  /// - Returns: whether it is the first failure of this life.
  package mutating func noteFailure(of life: ProcessLife, at uptime: Duration) -> Bool {
    failures.updateValue(uptime, forKey: life) == nil
  }

  package mutating func noteSuccess(of life: ProcessLife) { failures[life] = nil }

  /// Forgets all lives but these.
  package mutating func keep(_ lives: Set<ProcessLife>) { failures = failures.filter { lives.contains($0.key) } }
}
