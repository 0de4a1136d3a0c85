// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
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
        throw DaemonAdvice.withoutManager(error, town.layout)
      }
      print("The daemon runs. Its log: \(Remedy.command("gt", "daemon", "logs"))")
    }
  }
}
