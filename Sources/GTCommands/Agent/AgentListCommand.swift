// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import CommandSupport
import Town
import TownFiles

/// `gt agent list`.
struct AgentListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the agents' beads.")
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("agent list")
      let roster = Roster(rigs: try RigRegistry(layout: town.layout).rigs().map(\.name))
      let listing = try await town.store.get().agents()
      let rows = listing.beads.filter { !$0.status.isOver }.map { AgentRow($0, agent: roster.agent(bead: $0.id)) }
        .sorted { $0.bead < $1.bead }
      if json {
        try printJSON(["agents": rows])
      } else if rows.isEmpty {
        print("No agent beads.")
      } else {
        let table =
          [["AGENT", "STATE", "HOOK", "BEAD", "UPDATED"]]
          + rows.map {
            [
              $0.agent ?? "-", displayable($0.agentState ?? "-"), displayable($0.hookBead ?? "-"), displayable($0.bead),
              "\($0.updatedAt)",
            ]
          }
        print(TextTable.lines(table).joined(separator: "\n"))
      }
      let failures = listing.failures
      for failure in failures { complain(displayable(failure.reason), program: "gt") }
      if !failures.isEmpty { throw ExitCode(ExitStatus.unavailable) }
    }
  }
}
