// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Control
internal import GastownDaemon
internal import TownFiles

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
      let reply: Beat.Reply
      do {
        reply = try await client.call(Beat(), deadline: .seconds(180))
      } catch let error as ControlError where error.code == .unreachable {
        throw Unreadable(
          description: "no daemon can be reached (\(error)); start it with: gt daemon start, "
            + "or run one heartbeat without it: gastown-daemon --once --town \(town.layout.root)")
      }
      print("beat \(reply.heartbeatCount): \(reply.summary)")
    }
  }
}
