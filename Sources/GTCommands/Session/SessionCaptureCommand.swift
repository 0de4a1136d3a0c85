// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Tmux
import Town

/// `gt session capture`.
struct SessionCaptureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture", abstract: "Show the last lines of an agent's pane, also of a dead agent.")

  @Option(name: [.customShort("n"), .long], help: "The maximum number of lines.")
  var lines = 50
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var address: AgentAddress

  /// What `--json` prints.
  struct Capture: Encodable {
    var agent: String
    var session: String
    var state: String
    var server: String
    var pane: String
    var lines: [String]
  }

  func validate() throws {
    guard (1...1_000_000).contains(lines) else { throw ValidationError("A number of lines is 1 to 1000000.") }
  }

  func run() async throws {
    try await failing {
      let (town, agent) = try address.open("session capture")
      let found = try await FoundPane.find(agent, in: town)
      guard let text = try await found.client.capture(panes: [PaneCapture(found.pane, lines: lines)])[found.pane] else {
        throw CommandRefusal("\(agent.address): its pane has just been removed")
      }
      let shown = text.map { TypedText.withoutControls($0) }
      if json {
        return try printJSON(
          Capture(
            agent: agent.address, session: agent.session, state: found.state, server: found.place.serverName,
            pane: "\(found.pane)", lines: shown))
      }
      for line in shown { print(line) }
    }
  }
}
