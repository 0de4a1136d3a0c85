// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt session`.
struct SessionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "session", abstract: "Agents' sessions: list, show, start and stop them.",
    subcommands: [
      SessionAtCommand.self, SessionCaptureCommand.self, SessionCheckCommand.self, SessionCrashCommand.self,
      SessionCrashesCommand.self, SessionFreezeCommand.self, SessionHoldCommand.self, SessionInjectCommand.self,
      SessionListCommand.self,
      SessionReleaseCommand.self, SessionResetCommand.self, SessionRestartCommand.self, SessionStartCommand.self,
      SessionStatusCommand.self, SessionStopCommand.self, SessionThawCommand.self,
    ])
}
