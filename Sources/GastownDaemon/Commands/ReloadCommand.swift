// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import ArgumentParser
import Control
import TownFiles

/// `gastown-daemon reload`: for the unit's ExecReload=.
struct ReloadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload", abstract: "Have the running daemon read its settings again.",
    discussion: "If the new settings cannot be used, this fails with the reason, and the old ones stay in force.")

  @OptionGroup var options: DaemonOptions

  func run() async throws {
    do {
      let town = try options.open()
      guard let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment) else {
        complain("no daemon runs for \(town.layout.root)")
        throw ExitCode(ExitStatus.unavailable)
      }
      _ = try await client.ask(Reload(), in: town.layout, deadline: .seconds(30))
    } catch let code as ExitCode {
      throw code
    } catch {
      complain("\(error)")
      throw ExitCode(ExitStatus.failure)
    }
  }
}
