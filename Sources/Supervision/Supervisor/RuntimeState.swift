// SPDX-License-Identifier: Apache-2.0

package import Town

/// What outlasts a process of the daemon in the service manager's hands, and is of no use to anybody else: who
/// lives, each with a descriptor of its process, and what had been counted when it was first seen.
package struct RuntimeState: Sendable, Hashable, Codable {
  /// Those of the ledger who live, by session.
  package var lives: [String: ProcessLife]
  /// What the kernel had counted of the memory of those who live, when they were first seen.
  package var memory: [ProcessLife: MemoryEvents]

  package init(lives: [String: ProcessLife] = [:], memory: [ProcessLife: MemoryEvents] = [:]) {
    self.lives = lives
    self.memory = memory
  }
}

extension Supervisor {
  /// Hands over who lives, where that has changed.
  func keep(_ snapshot: TownSnapshot) {
    guard duty == .town, snapshot.registryFailure == nil else { return }
    var lives: [String: ProcessLife] = [:]
    for observation in snapshot.agents {
      guard let life = ledger[observation.agent].life else { continue }
      switch observation.liveness {
      case .alive(life, _), .unknown: lives[observation.agent.session] = life
      case .alive, .dead, .deadShell, .absent: break
      }
    }
    let living = Set(lives.values)
    let state = RuntimeState(lives: lives, memory: memory.filter { living.contains($0.key) })
    guard state != kept else { return }
    kept = state
    reports.keep(state)
  }
}
