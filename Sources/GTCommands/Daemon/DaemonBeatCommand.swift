// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control

/// `gt daemon beat`.
struct DaemonBeatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "beat", abstract: "Have the daemon run a heartbeat now.",
    discussion:
      "Returns when its findings are acted upon and recorded. Starts the daemon if its socket is active.")

  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon beat")
      let reply = try await town.askDaemon(Beat())
      if json { return try printJSON(reply) }
      print("beat \(reply.heartbeatCount): \(reply.summary)")
    }
  }
}
