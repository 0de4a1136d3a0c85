// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Supervision

/// `gt session reset`.
struct SessionResetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Begin an agent's restarts anew: it is no longer parked, and waits for nothing.",
    discussion: """
      For an agent that was parked after too many crashes, once what made it crash is mended. With work on its hook \
      it is started at once, by the daemon where one runs. A hold or a stop stays as it is.
      """)

  @OptionGroup var target: SessionTarget

  func run() async throws { try await target.carryOut(.reset) }
}
