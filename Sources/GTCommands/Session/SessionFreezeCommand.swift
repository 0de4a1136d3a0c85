// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt session freeze`.
struct SessionFreezeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze", abstract: "Freeze an agent and all that it has started, until it is thawed.",
    discussion: """
      The kernel freezes all processes in the agent's control group. Nothing is ended or lost. A frozen agent counts \
      as alive, and the time while it is frozen does not count against it. It stays frozen even if the daemon ends. An \
      agent that is stopped or restarted is thawed first.

      To let the agent continue: gt session thaw. Needs systemd's user manager. Returns when the agent is frozen.
      """)

  @OptionGroup var address: AgentAddress

  func run() async throws {
    try await failing {
      let (town, agent) = try address.open("session freeze")
      print(try await Freezer(town: town).set(true, agent))
    }
  }
}
