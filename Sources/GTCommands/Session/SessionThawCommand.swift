// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt session thaw`.
struct SessionThawCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thaw", abstract: "Let a frozen agent continue.",
    discussion: "Returns when the agent continues.")

  @OptionGroup var address: AgentAddress

  func run() async throws {
    try await failing {
      let (town, agent) = try address.open("session thaw")
      print(try await Freezer(town: town).set(false, agent))
    }
  }
}
