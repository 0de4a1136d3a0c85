// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import GastownDaemon

/// `gt rig`.
struct RigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rig", abstract: "Rigs: the projects of a town.",
    subcommands: [RigAddCommand.self, RigListCommand.self])
}
