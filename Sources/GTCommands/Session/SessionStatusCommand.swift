// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Town

/// `gt session status`.
struct SessionStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Tell the truth about one agent's session.",
    discussion: """
      Looks at tmux, the processes and the beads, whether or not the daemon runs.

      Exit status: 0 it runs, or need not; 1 it should and does not, or that is unknown; 69 the registry, tmux or \
      the beads could not be read.
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
