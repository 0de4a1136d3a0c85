// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import TownFiles

/// The agent that a session command is about, and why it is given.
struct SessionTarget: ParsableArguments {
  @Argument(help: "The agent: RIG/NAME, NAME inside its rig, RIG/witness, deacon, mayor.", completion: .agent)
  var agent: String
  @Option(help: "The reason, which is written to the journal.")
  var reason: String?
  @OptionGroup var options: TownOptions

  func carryOut(_ verb: PersonCommand.Verb) async throws {
    try await failing {
      let town = try options.open("session \(verb.rawValue)")
      let identity = try AddressBook(layout: town.layout).agent(agent, in: TownOptions.currentRig(town.layout))
      let outcome = try await SessionDirector(town: town).carryOut(verb, identity, why: reason)
      print(outcome.text)
    }
  }
}
