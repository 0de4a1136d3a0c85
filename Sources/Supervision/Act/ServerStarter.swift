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
  private let servers: TmuxServers
  /// The unit that serves this socket; `nil` where none of ours does.
  private let unit: String?
  private let runner: any CommandRunner
  private let environment: [String: String]
  private var attempt: Task<Void, any Error>?

  package init(
    servers: TmuxServers, unit: String?, runner: any CommandRunner, environment: [String: String]
  ) {
    self.servers = servers
    self.unit = unit
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
    if let runtime = environment["XDG_RUNTIME_DIR"], Disk.exists("\(runtime)/systemd/private") {
      try await askManager()
    } else {
      try await startOurselves()
    }
  }

  /// Has the user manager start the server, in a unit of its own. Where it does not, nothing is started:
  /// a server below the daemon would take every agent along with the daemon's next end.
  private func askManager() async throws {
    let scrubbed = ChildEnvironment.scrubbed(environment)
    if let unit {
      let start = Command(
        "systemctl", ["--user", "start", unit], environment: scrubbed, deadline: .seconds(10))
      if try await runner.run(start).succeeded { return }
    }
    try makeSocketDirectory()
    let command = Command(
      "systemd-run",
      [
        "--user", "--quiet", "--collect", "--slice=app-gastown-agents.slice", "--property=Type=forking",
        "--description=tmux server of the Gas Town agents", "--",
      ]
        + serverCommand.map { word in
          // systemd expands variables in a service's words.
          word.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
        },
      environment: scrubbed, deadline: .seconds(10))
    let result = try await runner.run(command)
    guard result.succeeded else { throw CommandError(.failedToStart, command: command, reason: result.complaint) }
  }

  private func startOurselves() async throws {
    try makeSocketDirectory()
    let command = Command(
      serverCommand[0], Array(serverCommand.dropFirst()), environment: ChildEnvironment.scrubbed(environment),
      workingDirectory: "/", deadline: .seconds(10))
    let result = try await runner.run(command)
    guard result.succeeded else { throw CommandError(.failedToStart, command: command, reason: result.complaint) }
  }

  private func makeSocketDirectory() throws {
    try Disk.makeDirectory(Disk.parent(of: servers.socketPath(of: servers.own.server)))
  }

  /// tmux, with the options that agents need.
  private var serverCommand: [String] {
    // A person's own server is started with the person's settings.
    ["tmux", "-u"] + servers.own.server.arguments + (servers.own.server == .default ? [] : ["-f", "/dev/null"])
      + ["start-server", ";"]
      + ["set", "-s", "exit-empty", "off", ";", "set", "-g", "remain-on-exit", "on", ";"]
      + ["set", "-g", "history-limit", "50000"]
  }
}
