// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Glibc
import Processes
import Supervision
import Tmux
import Town

/// `gt session at`.
struct SessionAtCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "at", abstract: "Attach to an agent's session. Inside its tmux server, switch to it.")

  @OptionGroup var address: AgentAddress

  func run() async throws {
    try await failing {
      let (town, agent) = try address.open("session at")
      let found = try await FoundPane.find(agent, in: town)
      var environment = town.environment
      guard let tmux = ExecutableSearch.find("tmux", path: environment["PATH"] ?? "") else {
        throw CommandRefusal("no tmux on PATH (\(environment["PATH"] ?? "which is not set"))")
      }
      let isInside = Self.server(in: environment["TMUX"]) == found.server.pid
      if !isInside {
        guard isatty(STDIN_FILENO) == 1 else {
          throw CommandRefusal(
            "standard input is not a terminal; to read the session: gt session capture \(agent.address)")
        }
        // Inside another tmux server: a session in a session is what was asked for.
        environment["TMUX"] = nil
        environment["TMUX_PANE"] = nil
      }
      try found.client.checkServer("attach to the tmux server \(found.client.server)")
      let target = ["-t", "=\(agent.session)"]
      try ProcessReplacement.exec(
        tmux,
        ["tmux", "-N", "-u"] + found.client.arguments + [isInside ? "switch-client" : "attach-session"] + target,
        environment: environment)
    }
  }

  /// The pid of the server in whose pane we are, from `$TMUX` (`socket,pid,session`).
  static func server(in variable: String?) -> Int32? {
    guard let fields = variable?.split(separator: ","), fields.count >= 3 else { return nil }
    return Int32(fields[fields.count - 2])
  }
}
