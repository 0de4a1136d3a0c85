// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport

/// `gt rig`.
struct RigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rig", abstract: "Rigs: the projects of a town.",
    subcommands: [RigAddCommand.self, RigListCommand.self])
}
