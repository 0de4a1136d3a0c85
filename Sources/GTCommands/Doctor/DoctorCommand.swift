// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt doctor`.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Look for problems of the town, its daemon and its agents.",
    discussion: """
      Checks the user manager, the units, the daemon's PATH, tmux, sockets, locks, control groups, the disk and the \
      journal. For each problem, prints why it matters and the command that fixes it. Changes nothing, and never \
      starts a daemon that is stopped. Works without a daemon and without systemd.

      Exit status: 0 no problem; 1 there are warnings; 2 something is broken. A check that could not be made is a \
      note.
      """)

  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let layout = try options.layout(using: "doctor")
      let diagnosis = await Diagnosis.make(await DoctorContext.admit(layout, environment: TownOptions.environment))
      if json {
        try printJSON(diagnosis)
      } else {
        for line in diagnosis.lines(Colour()) { print(line) }
      }
      if diagnosis.exitStatus != 0 { throw ExitCode(diagnosis.exitStatus) }
    }
  }
}
