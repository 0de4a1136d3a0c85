// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt daemon`.
struct DaemonGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daemon", abstract: "The supervisor: its state, its unit, its log.",
    subcommands: [
      DaemonBeatCommand.self, DaemonExplainCommand.self, DaemonInstallCommand.self, DaemonLifecycleCommand.self,
      DaemonLogsCommand.self, DaemonReloadCommand.self, DaemonRestartCommand.self, DaemonSettingsCommand.self,
      DaemonStartCommand.self,
      DaemonStatusCommand.self,
      DaemonStopCommand.self, DaemonUninstallCommand.self,
    ])
}
