// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import GastownDaemon
internal import Glibc
internal import Processes
internal import TownFiles

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
        try await systemctl.run(["stop", town.units.socket, town.units.daemon])
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
