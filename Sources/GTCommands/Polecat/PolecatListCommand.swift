// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import Beads
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt polecat list`.
struct PolecatListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List polecats and what they are doing.")
  @Argument(help: "List only this rig.", completion: .rig)
  var rig: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  struct Row: Encodable {
    var polecat: String
    @ExplicitNull var agentState: String?
    @ExplicitNull var hookBead: String?
    var directory: String

    enum CodingKeys: String, CodingKey {
      case polecat, directory
      case agentState = "agent_state"
      case hookBead = "hook_bead"
    }
  }

  func run() async throws {
    try await failing {
      let town = try options.open("polecat list")
      if let rig { try AddressBook(layout: town.layout).rig(rig) }
      let beads = await town.world.readBeads(hooks: [])
      for failure in beads.failures { complain(displayable(failure), program: "gt") }
      let snapshot = await town.look(beads: beads).snapshot
      if let failure = snapshot.registryFailure { throw Unreadable(description: failure) }
      let rows = snapshot.agents.filter { $0.agent.role == .polecat && (rig == nil || $0.agent.rig == rig) }.map {
        let bead = $0.bead.value ?? nil
        return Row(
          polecat: $0.agent.address, agentState: bead?.agentState?.rawValue, hookBead: bead?.hookBead,
          directory: town.layout.directory(of: $0.agent))
      }
      if json { return try printJSON(["polecats": rows]) }
      guard !rows.isEmpty else { return print("No polecats. Add one with: gt polecat add RIG/NAME") }
      let table =
        [["POLECAT", "STATE", "HOOK"]]
        + rows.map { [$0.polecat, displayable($0.agentState ?? "-"), displayable($0.hookBead ?? "-")] }
      print(TextTable.lines(table).joined(separator: "\n"))
    }
  }
}
