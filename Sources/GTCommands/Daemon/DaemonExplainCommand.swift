// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Town

/// `gt daemon explain`.
struct DaemonExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Print what a heartbeat would do now, and why. Changes nothing.",
    discussion: "For one agent, with earlier decisions about it: gt why AGENT.")

  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon explain")
      let explanation = await Explanation.make(world: town.world, policy: town.settings.policy)
      let judgements = Judgement.all(
        explanation, daemon: await DaemonPresence.find(town), policy: town.settings.policy)
      if json {
        try printJSON(["agents": judgements])
      } else {
        print(ExplanationText.lines(judgements).joined(separator: "\n"))
      }
      for failure in explanation.failures { complain(displayable(failure), program: "gt") }
    }
  }
}
