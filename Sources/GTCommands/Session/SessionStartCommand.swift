// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Supervision

/// `gt session start`.
struct SessionStartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start an agent and cancel an earlier stop.",
    discussion: "Done by the daemon if it is running, else by this command. Returns when it is done and recorded.")

  @OptionGroup var target: SessionTarget

  func run() async throws { try await target.carryOut(.start) }
}
