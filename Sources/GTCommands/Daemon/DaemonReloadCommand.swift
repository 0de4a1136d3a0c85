// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Control
import TownFiles

/// `gt daemon reload`.
struct DaemonReloadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload", abstract: "Have the running daemon read its settings again.",
    discussion: """
      If the new settings cannot be used, this fails with the reason, and the old ones stay in force. The same as: \
      systemctl --user reload gastown-daemon
      """)

  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon reload")
      guard let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment) else {
        complain("the daemon does not run for \(town.layout.root); it reads its settings when it starts", program: "gt")
        throw ExitCode(ExitStatus.notRunning)
      }
      _ = try await client.ask(Reload(), in: town.layout, deadline: .seconds(30))
      print("The daemon has read its settings again.")
    }
  }
}
