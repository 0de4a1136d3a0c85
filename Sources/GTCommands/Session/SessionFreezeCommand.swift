// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt session freeze`.
struct SessionFreezeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze", abstract: "Let an agent stand still, with all that it has started, until it is thawed.",
    discussion: """
      The kernel stops everything in the agent's control group; nothing is ended and nothing is lost. A frozen agent \
      lives, and nobody judges it by the time that passes. It stays frozen whatever becomes of the daemon. To stop or \
      restart it, it is thawed first.

      To let it go on: gt session thaw. Needs systemd's user manager. Returns when it stands still.
      """)

  @OptionGroup var address: AgentAddress

  func run() async throws {
    try await failing {
      let (town, agent) = try address.open("session freeze")
      print(try await Freezer(town: town).set(true, agent))
    }
  }
}
