// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt doctor`.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Look for what keeps the town, its daemon and its agents from working.",
    discussion: """
      Looks at the user manager, the units, the PATH that the daemon has, tmux, sockets, locks, control groups, the \
      disk and the journal, and says of each fault what it is, why it matters and the command that mends it. Starts \
      nothing, changes nothing, and never wakes a daemon that is stopped; works without one, and without systemd.

      Exit status: 0 nothing is wrong; 1 there are warnings; 2 something is broken. What could not be examined is \
      a note.
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
