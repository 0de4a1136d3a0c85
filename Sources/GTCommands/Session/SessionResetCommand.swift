// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Supervision

/// `gt session reset`.
struct SessionResetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Clear an agent's restart history: it is no longer parked, and its back-off ends.",
    discussion: """
      Use this for an agent that was parked after too many crashes, once the cause is fixed. An agent with work on its \
      hook is started at once, by the daemon if one is running. A hold or a stop stays in place.
      """)

  @OptionGroup var target: SessionTarget

  func run() async throws { try await target.carryOut(.reset) }
}
