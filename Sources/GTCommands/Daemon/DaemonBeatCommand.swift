// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Control
internal import GastownDaemon

/// `gt daemon beat`.
struct DaemonBeatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "beat", abstract: "Have the daemon look at everything now.",
    discussion:
      "Returns when its outcome is acted upon and recorded. Starts the daemon where its socket waits for that.")

  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon beat")
      let client = ControlSocket.client(layout: town.layout, environment: town.environment)
      let reply = try await client.call(Beat(), deadline: .seconds(180))
      print("beat \(reply.heartbeatCount): \(reply.summary)")
    }
  }
}
