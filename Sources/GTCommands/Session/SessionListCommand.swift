// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import CommandSupport
import Supervision
import Town

/// `gt session list`.
struct SessionListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the sessions of all agents that have one.")

  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  /// One agent's session.
  struct Row: Encodable {
    var agent: String
    var role: String
    var session: String
    var state: String
    @ExplicitNull var pid: Int32?
    @ExplicitNull var server: String?
  }

  func run() async throws {
    try await failing {
      let town = try options.open("session list")
      let snapshot = await town.look(beads: .none).snapshot
      if let failure = snapshot.registryFailure ?? snapshot.tmuxFailure { throw Unreadable(description: failure) }
      let rows = snapshot.agents.compactMap { Self.row($0) }
      if json { return try printJSON(["sessions": rows]) }
      guard !rows.isEmpty else { return print("No sessions.") }
      let table =
        [["AGENT", "STATE", "PID", "SESSION", "SERVER"]]
        + rows.map { [$0.agent, $0.state, $0.pid.map { "\($0)" } ?? "-", $0.session, displayable($0.server ?? "-")] }
      print(TextTable.lines(table).joined(separator: "\n"))
    }
  }

  private static func row(_ observation: AgentObservation) -> Row? {
    let agent = observation.agent
    func row(_ state: String, pid: Int32? = nil, server: String? = nil) -> Row {
      Row(
        agent: agent.address, role: agent.role.rawValue, session: agent.session, state: state, pid: pid, server: server)
    }
    return switch observation.liveness {
    case .alive(_, let place): row("alive", pid: observation.liveness.agentPID, server: place.serverName)
    case .dead(let corpse): row(corpse.cause?.description ?? "dead", server: corpse.place.serverName)
    case .deadShell(let shell): row("dead shell", pid: shell.life.pid, server: shell.place.serverName)
    case .unknown(let reason): row("unknown: \(displayable(reason))")
    case .absent: nil
    }
  }
}
