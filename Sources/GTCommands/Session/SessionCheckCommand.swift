// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt session check`.
struct SessionCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Tell the truth about every polecat's session.",
    discussion: """
      Looks at tmux, the processes and the beads, whether or not the daemon runs.

      Exit status: 0 every polecat that should run does; 1 one does not, or is unknown; 69 the registry, tmux or \
      the beads could not be read, and nothing is claimed of any session.
      """)

  @Argument(help: "Only this rig.", completion: .rig)
  var rig: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("session check")
      let report = try await TownCheck(town: town).report(rig: rig)
      if json {
        try printJSON(report)
      } else {
        print(CheckText(colour: Colour()).lines(report).joined(separator: "\n"))
      }
      guard report.sessions.allSatisfy(\.isWell) else { throw ExitCode(ExitStatus.failure) }
    }
  }
}
