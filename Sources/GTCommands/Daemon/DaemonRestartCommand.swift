// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import TownFiles

/// `gt daemon restart`.
struct DaemonRestartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart", abstract: "Restart the daemon's service. Agents are not affected.")
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon restart", needsSettings: true)
      do {
        try await Systemctl(runner: town.runner).run(["restart", town.units.daemon])
      } catch  where !DaemonAdvice.hasManager(town.environment) {
        throw DaemonAdvice.withoutManager(error, town.layout)
      }
      print("The daemon was restarted; the agents were not affected.")
    }
  }
}
