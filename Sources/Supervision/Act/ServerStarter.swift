// SPDX-License-Identifier: Apache-2.0

package import Commands
internal import Processes
internal import Tmux
internal import TownFiles

/// Brings the town's tmux server up where none runs.
///
/// The server must never be a child of the daemon: it would live in the daemon's cgroup, and every
/// agent would end with the next restart of it. So systemd is asked to start its unit; only where
/// there is no user manager a server of our own is started, in a session of its own.
package actor ServerStarter {
  package static let unit = "gastown-tmux.service"

  private let servers: TmuxServers
  /// Whether `gastown-tmux.service` serves this socket.
  private let isUnitServer: Bool
  private let runner: any CommandRunner
  private let environment: [String: String]
  private var attempt: Task<Void, any Error>?

  package init(
    servers: TmuxServers, isUnitServer: Bool, runner: any CommandRunner, environment: [String: String]
  ) {
    self.servers = servers
    self.isUnitServer = isUnitServer
    self.runner = runner
    self.environment = environment
  }

  /// Starts the server, once however many ask at the same time.
  ///
  /// - Throws: `TmuxError` or `CommandError` that says why there is no server.
  package func start() async throws {
    if let attempt { return try await attempt.value }
    let task = Task { try await self.bringUp() }
    attempt = task
    defer { attempt = nil }
    try await task.value
  }

  private func bringUp() async throws {
    if isUnitServer, let runtime = environment["XDG_RUNTIME_DIR"], Disk.exists("\(runtime)/systemd/private") {
      let start = Command(
        "systemctl", ["--user", "start", ServerStarter.unit],
        environment: ChildEnvironment.scrubbed(environment), deadline: .seconds(10))
      if let result = try? await runner.run(start), result.succeeded { return }
    }
    let path = servers.socketPath(of: servers.own.server)
    try Disk.makeDirectory(Disk.parent(of: path))
    let options = ["set", "-s", "exit-empty", "off", ";", "set", "-g", "remain-on-exit", "on", ";"]
    let command = Command(
      "tmux",
      ["-u"] + servers.own.server.arguments + ["-f", "/dev/null", "start-server", ";"] + options
        + ["set", "-g", "history-limit", "50000"],
      environment: ChildEnvironment.scrubbed(environment), workingDirectory: "/", deadline: .seconds(10))
    let result = try await runner.run(command)
    guard result.succeeded else {
      throw CommandError(.failedToStart, command: command, reason: result.errors)
    }
  }
}
