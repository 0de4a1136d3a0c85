// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// `gt session`.
struct SessionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "session", abstract: "Agents' sessions: which live, and starting and stopping them.",
    subcommands: [
      SessionCheckCommand.self, SessionListCommand.self, SessionRestartCommand.self, SessionStartCommand.self,
      SessionStopCommand.self,
    ])
}
