// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Town

/// `gt session status`.
struct SessionStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the state of one agent's session.",
    discussion: """
      Reads tmux, the processes and the beads, whether or not the daemon is running.

      Exit status: 0 the agent is running, or need not run; 1 it should run and does not, or its state is unknown; \
      69 the registry, tmux or the beads could not be read.
      """)

  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var address: AgentAddress

  func run() async throws {
    try await failing {
      let (town, agent) = try address.open("session status")
      let status = try await AgentStatus.look(at: agent, in: town)
      if json {
        try printJSON(status)
      } else {
        print(status.lines(colour: Colour()).joined(separator: "\n"))
      }
      guard status.check.isWell else { throw ExitCode(ExitStatus.failure) }
    }
  }
}
