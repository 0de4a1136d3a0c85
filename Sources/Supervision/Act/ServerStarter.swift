// SPDX-License-Identifier: Apache-2.0

package import Commands
package import Processes
import Tmux
import TownFiles
import Trust

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
  private let mender: SocketMender
  private var attempt: Task<Void, any Error>?

  package init(
    servers: TmuxServers, unit: String?, runner: any CommandRunner, environment: [String: String],
    processes: ProcessTable = ProcessTable()
  ) {
    mender = SocketMender(processes: processes, trust: servers.trust)
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
    // A socket that is not there is not a server that is not there. A second one would take the agents' names.
    switch await mender.mend(servers.own.socketPath) {
    case .nothing: break
    case .mended: return
    case .blocked(let reason):
      throw TmuxError(.refused, operation: "start the tmux server \(servers.own.server)", reason: reason)
    }
    if let runtime = environment["XDG_RUNTIME_DIR"], Disk.exists("\(runtime)/systemd/private") {
      try servers.trust.checkDirectory(runtime, isOwn: true)
      try await askManager()
    } else {
      try await startOurselves()
    }
  }

  /// Has the user manager start the server, in a unit of its own. Where it does not, nothing is started:
  /// a server below the daemon would take every agent along with the daemon's next end.
  private func askManager() async throws {
    let scrubbed = ChildEnvironment.scrubbed(environment)
    if let unit, try await start(unit, environment: scrubbed) { return }
    try prepareSocket()
    let command = Command(
      "systemd-run",
      [
        "--user", "--quiet", "--collect", "--slice=app-gastown-control.slice", "--property=Type=forking",
        "--property=ManagedOOMPreference=omit",
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

  /// Starts a unit, after a stop of it that is under way: a start in the middle of that would cancel the stop, and a
  /// person's `systemctl stop` would fail.
  ///
  /// - Returns: whether the manager has started it.
  private func start(_ unit: String, environment: [String: String]) async throws -> Bool {
    let end = ContinuousClock.now + ServerStarter.patience
    while true {
      let command = Command(
        "systemctl", ["--user", "start", "--job-mode=fail", unit], environment: environment, deadline: .seconds(10))
      let result = try await runner.run(command)
      // The manager's word for a job that would cancel another one.
      guard !result.succeeded, result.complaint.contains("destructive") else { return result.succeeded }
      guard ContinuousClock.now < end else {
        throw CommandError(.failedToStart, command: command, reason: result.complaint)
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// How long the end of a stop is waited for: twice what the unit's stop may take.
  private static let patience: Duration = .seconds(10)

  private func startOurselves() async throws {
    try prepareSocket()
    let command = Command(
      serverCommand[0], Array(serverCommand.dropFirst()), environment: ChildEnvironment.scrubbed(environment),
      workingDirectory: "/", deadline: .seconds(10))
    let result = try await runner.run(command)
    guard result.succeeded else { throw CommandError(.failedToStart, command: command, reason: result.complaint) }
  }

  /// Makes the socket's directory, and sees to it that no other user can put a server of theirs into it: the client
  /// that is to start ours would obey that one.
  private func prepareSocket() throws {
    let path = servers.own.socketPath
    try Disk.makeDirectory(Disk.parent(of: path))
    try servers.trust.checkDirectory(Disk.parent(of: path), isOwn: true)
    if case .refused(let objection) = servers.trust.standing(ofSocket: path) { throw objection }
  }

  /// tmux, with the options that agents need.
  private var serverCommand: [String] {
    // A person's own server is started with the person's settings.
    ["tmux", "-u"] + servers.own.arguments + (servers.own.server == .default ? [] : ["-f", "/dev/null"])
      + ["start-server", ";"]
      + ["set", "-s", "exit-empty", "off", ";", "set", "-g", "remain-on-exit", "on", ";"]
      + ["set", "-g", "history-limit", "50000"]
  }
}
