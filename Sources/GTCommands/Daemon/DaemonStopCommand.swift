// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Glibc
import Processes
import Supervision
import Town
import TownFiles

/// `gt daemon stop`.
struct DaemonStopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Stop the daemon and its socket. Agents continue to run.")
  @OptionGroup var options: TownOptions

  /// How long a daemon has to end, as `TimeoutStopSec=` gives it.
  private static let patience: Duration = .seconds(20)

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
      if let holder = TownLock.holder(layout: town.layout) {
        let pid = holder.pid
        guard holder.isOurs else {
          throw CommandRefusal(
            """
            \(town.layout.lock) is held by pid \(pid) (\(holder.program)), which is not a gastown-daemon, and is not \
            ended: \(holder.wayOut)
            """)
        }
        guard let process = ProcessTable().identity(of: pid) else { return }
        try Signals.send(SIGTERM, to: process)
        // One that is stopped (SIGSTOP) learns of it only when it goes on, as systemd has it too.
        try Signals.send(SIGCONT, to: process)
        guard try await ProcessExit.wait(forAll: [process], within: Self.patience).isEmpty else {
          throw CommandRefusal(
            "the daemon (pid \(pid)) has not ended within \(Self.patience.inWords); all agents continue; to "
              + "end it by force: kill -KILL \(pid)")
        }
        print("The daemon (pid \(pid)) is stopped; all agents continue to run.")
        return
      }
      if let failure {
        guard !DaemonAdvice.hasManager(town.environment) else { throw failure }
        return print("The daemon does not run for \(town.layout.root).")
      }
      print("The daemon is stopped; all agents continue to run.")
    }
  }
}
