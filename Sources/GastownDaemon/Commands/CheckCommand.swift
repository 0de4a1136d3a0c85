// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Commands
internal import Control
internal import Processes
internal import TownFiles

/// `gastown-daemon check`: the dead man's check, run by gastown-check.timer in a process of its own.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Ask the running daemon how it is, and revive it where it failed or is stuck.",
    discussion: "A daemon that a person has stopped is left alone, and so is one whose settings cannot be used.")

  static let unit = "gastown-daemon.service"
  static let socketUnit = "gastown-daemon.socket"

  @OptionGroup var options: DaemonOptions

  func run() async throws {
    let environment = DaemonOptions.environment
    let systemctl = Systemctl(runner: SystemCommandRunner(environment: environment))
    do {
      let state = try await systemctl.state(of: Self.unit)
      switch CheckDecision.first(state, socket: try await systemctl.state(of: Self.socketUnit)) {
      case .leave(let reason):
        print(reason)
      case .revive(let reason):
        print("reviving the daemon: \(reason)")
        try await systemctl.run(["reset-failed", Self.unit, Self.socketUnit])
        try await systemctl.run(["start", Self.socketUnit, Self.unit])
      case .ask:
        try await ask(systemctl, environment: environment)
      }
    } catch {
      complain("\(error)")
      throw ExitCode(ExitStatus.failure)
    }
  }

  /// The daemon runs by systemd's account. Whether it does its work only it can tell.
  private func ask(_ systemctl: Systemctl, environment: [String: String]) async throws {
    let layout = try TownLayout.find(option: options.town, environment: environment, workingDirectory: nil)
    let client = ControlSocket.client(layout: layout, environment: environment)
    let complaint: String
    do {
      let health = try await client.call(Health(), deadline: .seconds(5))
      if health.healthy {
        print("the daemon is well")
        return
      }
      complaint = health.reason ?? "it says that it is not well"
    } catch {
      complaint = "it does not answer: \(error)"
    }
    // Somebody may have stopped it, or it may have been replaced, while it was being asked.
    let state = try await systemctl.state(of: Self.unit)
    guard case .ask = CheckDecision.first(state, socket: nil) else { return }
    print("the daemon is stuck (\(complaint)); it is ended with SIGABRT, and systemd starts it again")
    let abort = ["kill", "--signal=ABRT", "--kill-who=main", Self.unit]
    try await systemctl.run(abort)
    // One that was stopped (SIGSTOP) learns of it only when it goes on.
    try await systemctl.run(["kill", "--signal=CONT", "--kill-who=main", Self.unit])
    // The Swift runtime writes a backtrace at the first one and, as it came from outside, lets the
    // process go on. The second waits until that is written, and ends it.
    try await Task.sleep(for: .milliseconds(500))
    if try await systemctl.state(of: Self.unit).mainPID == state.mainPID { try await systemctl.run(abort) }
  }
}
