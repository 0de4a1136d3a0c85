// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import ArgumentParser
import Commands
import Control
import Glibc
import Processes
import Town
import TownFiles

/// `gastown-daemon check`: the dead man's check, run by gastown-check.timer in a process of its own.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check the running daemon, and start it again if it failed or is stuck.",
    discussion: "A daemon that a person has stopped is left alone, and so is a daemon with unusable settings.")

  @OptionGroup var options: DaemonOptions

  func run() async throws {
    let environment = DaemonOptions.environment
    let systemctl = Systemctl(runner: SystemCommandRunner(environment: environment))
    let units = options.units()
    do {
      let state = try await systemctl.state(of: units.daemon)
      switch CheckDecision.first(state, socket: try await systemctl.state(of: units.socket)) {
      case .leave(let reason):
        print(reason)
      case .revive(let reason):
        print("reviving the daemon: \(reason)")
        try await systemctl.run(["reset-failed", units.daemon, units.socket])
        try await systemctl.run(["start", units.socket, units.daemon])
      case .ask:
        try await ask(systemctl, units: units, environment: environment)
      }
    } catch {
      complain("\(error)")
      throw ExitCode(ExitStatus.failure)
    }
  }

  /// The daemon runs by systemd's account. Whether it does its work only it can tell.
  private func ask(_ systemctl: Systemctl, units: TownUnits, environment: [String: String]) async throws {
    let layout = try TownLayout.find(option: options.town, environment: environment, workingDirectory: nil)
    let client = ControlClient(
      socketPath: ControlSocket.path(environment: environment, units: units), town: layout.root)
    let before = try await systemctl.state(of: units.daemon)
    var answer = await self.answer(of: client)
    if case .unreachable = answer {
      // It may just have been replaced.
      try await Task.sleep(for: .seconds(1))
      answer = await self.answer(of: client)
    }
    if case .well = answer {
      print("the daemon is healthy")
      return
    }
    // Somebody may have stopped it, or it may have been replaced, while it was being asked.
    let state = try await systemctl.state(of: units.daemon)
    guard case .ask = CheckDecision.first(state, socket: nil), state.mainPID == before.mainPID else { return }
    switch answer {
    case .well: break
    case .unreachable(let reason):
      // Its socket was removed, or nobody listens: another daemon would be given the same one. Both are
      // made anew, by jobs of the manager's own: they go on should this check be ended meanwhile.
      print("the daemon cannot be reached (\(reason)); it is restarted with its socket")
      try await systemctl.run(["restart", "--no-block", units.socket, units.daemon])
    case .stuck(let reason): try await end(units.daemon, systemctl, state: state, because: reason)
    }
  }

  private enum Answer {
    case well
    case unreachable(String)
    case stuck(String)
  }

  private func answer(of client: ControlClient) async -> Answer {
    do {
      let health = try await client.call(Health(), deadline: .seconds(5))
      return health.healthy ? .well : .stuck(health.reason ?? "it reports that it is not healthy")
    } catch let error as ControlError where error.code == .unreachable {
      return .unreachable("\(error)")
    } catch {
      return .stuck("it does not answer: \(error)")
    }
  }

  /// How long a daemon has to end of SIGABRT, as `TimeoutAbortSec=` gives it after a missed watchdog. With it the check
  /// stays within its own `TimeoutStartSec=`.
  private static let abortPatience: Duration = .seconds(10)

  private func end(_ unit: String, _ systemctl: Systemctl, state: UnitState, because reason: String) async throws {
    print("the daemon is stuck (\(reason)); it is ended with SIGABRT, and systemd starts it again")
    let main = Int32(state.mainPID).flatMap { ProcessTable().status($0)?.identity }
    try await systemctl.run(["kill", "--signal=ABRT", "--kill-who=main", unit])
    // One that was stopped (SIGSTOP) learns of it only when it goes on.
    try await systemctl.run(["kill", "--signal=CONT", "--kill-who=main", unit])
    // It has ended already, or another has taken its place.
    guard let main else { return }
    guard try await !ProcessExit.wait(forAll: [main], within: Self.abortPatience).isEmpty else { return }
    print("SIGABRT has not ended the daemon within \(Self.abortPatience.inWords); it is ended with SIGKILL")
    do {
      try Signals.send(SIGKILL, to: main)
    } catch {
      // It may have ended just now.
      if error.code != .noSuchProcess { throw error }
    }
  }
}
