// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import CommandSupport
import Town
import TownFiles

/// `gt agent show`.
struct AgentShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one agent's bead.")
  @Argument(help: "The agent: RIG/NAME, RIG/witness, deacon, mayor.", completion: .agent)
  var agent: String
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("agent show")
      let identity = try AddressBook(layout: town.layout).agent(agent, in: TownOptions.currentRig(town.layout))
      let bead = try await AgentCommand.bead(of: identity, in: try town.store.get())
      if json { return try printJSON(AgentRow(bead, agent: identity)) }
      print("\(bead.id) (\(displayable(bead.status.rawValue)), updated \(bead.updatedAt))")
      for line in bead.description.split(separator: "\n", omittingEmptySubsequences: false) {
        print("  \(displayable(String(line)))")
      }
    }
  }
}
