// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Supervision

/// `gt session stop`.
struct SessionStopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "End an agent and keep it stopped until it is started again.",
    discussion: "Done by the daemon if it is running, else by this command. Returns when it is done and recorded.")

  @OptionGroup var target: SessionTarget

  func run() async throws { try await target.carryOut(.stop) }
}
