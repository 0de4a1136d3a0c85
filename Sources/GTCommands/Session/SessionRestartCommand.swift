// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Supervision

/// `gt session restart`.
struct SessionRestartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart", abstract: "End an agent and start it again.",
    discussion: "Done by the daemon if it is running, else by this command. Returns when it is done and recorded.")

  @OptionGroup var target: SessionTarget

  func run() async throws { try await target.carryOut(.restart) }
}
