// SPDX-License-Identifier: Apache-2.0

import Processes
import Supervision
import TestSupport
import Tmux
import Town
import TownFiles

/// What the original does to a tmux server: a session with a login shell in it, variables that nothing in
/// it ever sees, and the agent's command typed at the prompt.
extension LiveTownFixture {
  /// An agent as the original has started it.
  struct Original: Sendable {
    /// The shell in the pane.
    var shell: ProcessIdentity
    /// The agent: a child of that.
    var agent: ProcessIdentity
    var pane: PaneID
    var server: TmuxServer
  }

  /// Opens a session with nothing but a shell in it.
  @discardableResult
  func openShell(_ agent: AgentIdentity = toast, on server: TmuxServer = .default) async throws -> Pane {
    try await run(
      ["tmux", "-u", "-f", "/dev/null"] + server.arguments
        + ["new-session", "-d", "-s", agent.session, "-c", layout.directory(of: agent)],
      variables: ["SHELL": "/bin/bash"])
    try await tmux("set-environment", "-t", "=\(agent.session)", "GT_ROLE", agent.role.rawValue, on: server)
    return try await eventually("the shell of \(agent.session)") {
      try await panes(on: server).first { $0.session == agent.session }
    }
  }

  func type(_ agent: AgentIdentity = toast, on server: TmuxServer = .default, command: String? = nil) async throws {
    let command = command ?? directory("bin/agent")
    try await tmux(
      "send-keys", "-t", "=\(agent.session):",
      "export GT_ROLE=\(agent.role.rawValue) GT_SESSION=\(agent.session); \(command)", "Enter", on: server)
  }

  /// Starts an agent, and returns when it runs.
  func startAsOriginal(
    _ agent: AgentIdentity = toast, on server: TmuxServer = .default, command: String? = nil
  ) async throws -> Original {
    let pane = try await openShell(agent, on: server)
    try await type(agent, on: server, command: command)
    let pid = try require(Int32(try await written("starts", by: agent).filter(\.isNumber)), "a pid")
    let table = ProcessTable()
    return Original(
      shell: try require(table.identity(of: pane.pid), "the shell"),
      agent: try require(table.identity(of: pid), "the agent"), pane: pane.id, server: server)
  }

  func panes(on server: TmuxServer) async throws -> [Pane] {
    try await TmuxClient(server: server, runner: runner, environment: environment).panes().panes
  }

  private func require<Value>(_ value: Value?, _ what: String) throws -> Value {
    guard let value else { throw NotInTime(description: "there is not \(what)") }
    return value
  }
}
