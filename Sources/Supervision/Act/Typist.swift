// SPDX-License-Identifier: Apache-2.0

package import Processes
package import Tmux
package import Town

/// Types at agents' prompts, and sees to it that what was typed was also submitted.
package struct Typist: Sendable {
  private let client: TmuxClient
  private let processes: ProcessTable

  package init(client: TmuxClient, processes: ProcessTable) {
    self.client = client
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
    let process = ProcessIdentity(pid: life.pid, startTime: life.startTime)
    guard processes.isRunning(process) else { throw Gone() }
    // A daemon that ended between text and Enter has left the text there.
    if try await !stillShows(text, pane) { try await client.type(text, into: pane) }
    for pause: Duration in [.milliseconds(500), .milliseconds(500), .seconds(1), .seconds(2)] {
      try await Task.sleep(for: pause)
      guard processes.isRunning(process) else { throw Gone() }
      try await client.submit(pane)
      try await Task.sleep(for: .milliseconds(200))
      if try await !stillShows(text, pane) { return }
    }
    throw NotSubmitted()
  }

  private func stillShows(_ text: String, _ pane: PaneID) async throws -> Bool {
    let lines = try await client.capture(panes: [PaneCapture(pane, lines: 0)])[pane] ?? []
    return Readiness.isStillTyped(text, lines: lines)
  }
}
