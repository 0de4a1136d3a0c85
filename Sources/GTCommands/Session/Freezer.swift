// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Processes
import Supervision
import Town

/// Freezes and thaws single agents, whether or not the daemon runs: what is frozen, the kernel knows.
struct Freezer: Sendable {
  let town: OpenTown

  /// - Returns: what was done, for a person.
  /// - Throws: ``Unreadable``; `CommandRefusal` that says why it was not done.
  func set(_ isFrozen: Bool, _ agent: AgentIdentity) async throws -> String {
    let world = town.world
    let look = await town.look(beads: .none)
    let snapshot = look.snapshot
    if let failure = snapshot.registryFailure ?? snapshot.tmuxFailure { throw Unreadable(description: failure) }
    guard let observation = snapshot.agents.first(where: { $0.agent == agent }) else {
      throw CommandRefusal("\(agent.address) is no agent of this town")
    }
    let life: ProcessLife
    switch observation.liveness {
    case .alive(let found, let place) where place.isMarked: life = found
    case .alive(_, let place):
      throw CommandRefusal(
        "\(agent.address) was started by another program and is not adopted\(place.objection.map { ": \($0)" } ?? "")")
    case .unknown(let reason): throw CommandRefusal("\(agent.address) may be running: \(reason)")
    case .dead, .deadShell, .absent: throw CommandRefusal("\(agent.address) is not running")
    }
    let done = isFrozen ? "frozen" : "thawed"
    if world.standing(of: life)?.isFrozen == isFrozen {
      return "\(agent.address) is \(isFrozen ? "frozen already" : "not frozen")"
    }
    if isFrozen, world.scopes.scope(of: life) == nil,
      case .unknown(let reason) = await world.confine(agent, life: life, limited: AgentLimits())
    {
      throw CommandRefusal("\(agent.address) has no control group of its own: \(reason)")
    }
    do {
      try await world.scopes.setFrozen(isFrozen, life, others: (try? look.ledger.get())?.lives ?? [:])
    } catch {
      throw CommandRefusal("\(agent.address) is not \(done): \(error)")
    }
    await HoldPlace.poke(town)
    return "\(agent.address) is \(done) (pid \(life.pid))"
      + (isFrozen ? ". To let it continue: gt session thaw \(agent.address)" : "")
  }
}
