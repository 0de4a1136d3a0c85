// SPDX-License-Identifier: Apache-2.0

import CommandSupport
package import ArgumentParser

/// `gastown-daemon`.
package struct DaemonCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "gastown-daemon",
    abstract: "Supervises a town of AI coding agents.",
    discussion: """
      Usually systemd runs it: systemctl --user start gastown-daemon. By hand it supervises until it \
      gets SIGTERM or SIGINT, and logs to standard error. Agents outlive it, however it ends.

      Exit status: 0 stopped when asked; 1 failed; 64 wrong usage; 69 the daemon was not reached; \
      75 something is in the way that may go by itself; 78 the town or its settings cannot be used, or another supervisor has the town.
      """,
    version: Product.version,
    subcommands: [RunCommand.self, CheckCommand.self, ReloadCommand.self],
    defaultSubcommand: RunCommand.self)

  package init() {}
}
