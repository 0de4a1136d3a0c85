// SPDX-License-Identifier: Apache-2.0

import CommandSupport
package import ArgumentParser

/// `gastown-daemon`.
package struct DaemonCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "gastown-daemon",
    abstract: "Supervises a town of AI coding agents.",
    discussion: """
      Usually systemd runs the daemon: systemctl --user start gastown-daemon. When started by hand, it supervises \
      until it gets SIGTERM or SIGINT, and logs to standard error. Agents outlive the daemon, however it ends.

      Exit status: 0 stopped when asked; 1 failure; 64 wrong usage; 69 the daemon was not reached; 75 temporary \
      failure; 78 the town or its settings cannot be used, or another supervisor has the town.
      """,
    version: Product.version,
    subcommands: [RunCommand.self, CheckCommand.self, ReloadCommand.self],
    defaultSubcommand: RunCommand.self)

  package init() {}
}
