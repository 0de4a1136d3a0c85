// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Town
import TownFiles

/// `gt rig list`.
struct RigListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the town's rigs.")
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  struct Row: Encodable {
    var rig: String
    var polecats: Int
    var crew: Int
  }

  func run() async throws {
    try await failing {
      let town = try options.open("rig list")
      let rows = try RigRegistry(layout: town.layout).rigs().map { rig in
        Row(
          rig: rig.name, polecats: try Disk.names(in: town.layout.path("\(rig.name)/polecats")).count,
          crew: try Disk.names(in: town.layout.path("\(rig.name)/crew")).count)
      }
      if json { return try printJSON(["rigs": rows]) }
      guard !rows.isEmpty else { return print("No rigs. Add one with: gt rig add NAME") }
      let table = [["RIG", "POLECATS", "CREW"]] + rows.map { [displayable($0.rig), "\($0.polecats)", "\($0.crew)"] }
      print(TextTable.lines(table).joined(separator: "\n"))
    }
  }
}
