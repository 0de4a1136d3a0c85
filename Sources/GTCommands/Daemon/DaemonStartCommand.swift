// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import GastownDaemon

/// `gt daemon start`.
struct DaemonStartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start the daemon's service. Returns when it is ready.")
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon start")
      try await Systemctl(runner: town.runner).run(["start", "gastown-daemon.socket", "gastown-daemon.service"])
      print("The daemon runs. Its log: journalctl --user -u gastown-daemon")
    }
  }
}
