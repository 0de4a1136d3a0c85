// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import GastownDaemon
internal import Supervision
internal import Town

/// `gt daemon explain`.
struct DaemonExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Print what a heartbeat would do now, and why. Does nothing.")

  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon explain")
      let explained = await Explanation.make(world: town.world, policy: town.settings.policy)
      print(ExplanationText.lines(explained.findings).joined(separator: "\n"))
      for failure in explained.failures { complain(displayable(failure), program: "gt") }
    }
  }
}
