// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import TownFiles

/// `gt daemon start`.
struct DaemonStartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start the daemon's service. Returns when it is ready.")
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon start", needsSettings: true)
      do {
        try await Systemctl(runner: town.runner).run(["start", town.units.socket, town.units.daemon])
      } catch  where !DaemonAdvice.hasManager(town.environment) {
        throw CommandRefusal(
          "there is no systemd user manager here (\(error)); to run the daemon by hand: "
            + DaemonAdvice.start(town.layout, town.environment))
      }
      print("The daemon runs. Its log: \(Remedy.command("gt", "daemon", "logs"))")
    }
  }
}
