// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt town`.
struct TownCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "town", abstract: "Towns: directories in which agents work.", subcommands: [TownInitCommand.self])
}
