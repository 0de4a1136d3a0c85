// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Town
import TownFiles

/// The agent that a command looks at.
struct AgentAddress: ParsableArguments {
  @Argument(help: "The agent: RIG/NAME, NAME inside its rig, RIG/witness, deacon, mayor.", completion: .agent)
  var agent: String
  @OptionGroup var options: TownOptions

  func open(_ command: String) throws -> (town: OpenTown, agent: AgentIdentity) {
    let town = try options.open(command)
    return (town, try AddressBook(layout: town.layout).agent(agent, in: TownOptions.currentRig(town.layout)))
  }
}
