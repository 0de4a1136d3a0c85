// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import GastownDaemon
internal import Glibc
internal import Processes
internal import Town
internal import TownFiles

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

/// `gt daemon restart`.
struct DaemonRestartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart", abstract: "Restart the daemon's service. No agent notices.")
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon restart")
      try await Systemctl(runner: town.runner).run(["restart", "gastown-daemon.service"])
      print("The daemon was restarted; every agent is as it was.")
    }
  }
}

/// `gt daemon stop`.
struct DaemonStopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Stop the daemon, and the socket that would wake it. Agents go on.")
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon stop")
      let systemctl = Systemctl(runner: town.runner)
      let failure: (any Error)?
      do {
        try await systemctl.run(["stop", "gastown-daemon.socket", "gastown-daemon.service"])
        failure = nil
      } catch {
        failure = error
      }
      // One that was started by hand is no unit's.
      if let pid = TownLock.currentHolder(layout: town.layout), pid > 0 {
        guard let process = ProcessTable().identity(of: pid) else { return }
        try Signals.send(SIGTERM, to: process)
        try await ProcessExit.wait(for: process)
        print("The daemon (pid \(pid)) is stopped; every agent goes on.")
        return
      }
      if let failure { throw failure }
      print("The daemon is stopped; every agent goes on.")
    }
  }
}
