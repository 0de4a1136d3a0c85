// SPDX-License-Identifier: Apache-2.0

internal import Faults
package import Processes
internal import Tmux
package import Town

/// How much of an agent's pane is read.
enum Screen {
  /// More than a prompt with what stands below it, less than what would be old.
  static let lines = 50
}

/// Types at agents' prompts, and sees to it that what was typed was also submitted.
package struct Typist: Sendable {
  private let servers: TmuxServers
  private let processes: ProcessTable

  package init(servers: TmuxServers, processes: ProcessTable) {
    self.servers = servers
    self.processes = processes
  }

  /// The agent that was to be told is gone. Its pane may hold another by now, who has to be told when
  /// it is ready, and not in the middle of its start.
  package struct Gone: Error, CustomStringConvertible {
    package var description: String { "the agent has ended meanwhile" }
  }

  /// A text that stayed on the input line, whatever was tried.
  package struct NotSubmitted: Error, CustomStringConvertible {
    package var description: String { "the text is still on the input line; it was not submitted" }
  }

  /// Types `text` and submits it. A text interface takes an Enter that comes with the text for a part
  /// of the paste, so Enter comes later, on its own, and is repeated while the text stands there.
  ///
  /// - Throws: `TmuxError`, ``NotSubmitted`` or ``Gone``.
  @concurrent package func submit(_ text: String, to life: ProcessLife) async throws {
    guard let pane = PaneID(life.pane) else { throw NotSubmitted() }
    let client = servers.client(of: life.server)
    let process = ProcessIdentity(pid: life.pid, startTime: life.startTime)
    guard isThere(process) else { throw Gone() }
    // A daemon before this one may have typed it, and have ended before it was submitted.
    if try await !isTyped(text, on: pane, of: client) { try await client.type(text, into: pane) }
    FaultPoint.beginTyped.pass()
    for pause: Duration in [.milliseconds(500), .milliseconds(500), .seconds(1), .seconds(2)] {
      try await Task.sleep(for: pause)
      guard isThere(process) else { throw Gone() }
      try await client.submit(pane)
      FaultPoint.beginSubmitted.pass()
      if Terminal.collectsLines(of: process) == true { return }
      try await Task.sleep(for: .milliseconds(200))
      if try await !isTyped(text, on: pane, of: client) { return }
    }
    throw NotSubmitted()
  }

  /// Whether the agent still reads what is typed. A shell that it has left behind would run the text.
  private func isThere(_ process: ProcessIdentity) -> Bool {
    guard let status = processes.status(process.pid), status.identity == process, status.isAlive else { return false }
    return !LoginShell.isBare(name: status.name, arguments: processes.arguments(of: process.pid) ?? [])
      || processes.children(of: process.pid).contains(where: \.isAlive)
  }

  private func isTyped(_ text: String, on pane: PaneID, of client: TmuxClient) async throws -> Bool {
    let lines = try await client.capture(panes: [PaneCapture(pane, lines: Screen.lines)])[pane] ?? []
    return Readiness.isStillTyped(text, lines: lines)
  }
}
