// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import Town
import TownFiles

/// `gt agent`.
struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent", abstract: "Agents' beads: the state of each agent, and the work on its hook.",
    subcommands: [AgentListCommand.self, AgentSetCommand.self, AgentShowCommand.self])

  /// The bead of an agent.
  ///
  /// - Throws: `AddressError` where it has none; `BeadStoreError` where that cannot be known.
  static func bead(of agent: AgentIdentity, in store: any BeadStore) async throws -> Bead {
    guard let bead = try await existingBead(of: agent, in: store) else {
      throw AddressError("\(agent.address) has no agent bead (\(agent.bead))")
    }
    return bead
  }

  /// The bead of an agent; `nil` where it has none.
  ///
  /// - Throws: `BeadStoreError` and ``Unreadable`` where that cannot be known.
  static func existingBead(of agent: AgentIdentity, in store: any BeadStore) async throws -> Bead? {
    let readings = try await store.beads(agent.beads)
    for id in agent.beads {
      if case .known(let bead?)? = readings[id] { return bead }
    }
    for id in agent.beads {
      if case .unknown(let reason)? = readings[id] { throw Unreadable(description: reason) }
    }
    return nil
  }
}
