// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt session check`.
struct SessionCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check every polecat's session.",
    discussion: """
      Reads tmux, the processes and the beads, whether or not the daemon is running.

      Exit status: 0 every polecat runs that should; 1 a polecat does not run, or its state is unknown; 69 the \
      registry, tmux or the beads could not be read, so the state of every session is unknown.
      """)

  @Argument(help: "Check only this rig.", completion: .rig)
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
