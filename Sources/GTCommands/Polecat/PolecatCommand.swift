// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Town
import TownFiles

/// `gt polecat`.
struct PolecatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "polecat", abstract: "Polecats: the workers of a rig.",
    subcommands: [PolecatAddCommand.self, PolecatListCommand.self, PolecatRemoveCommand.self])

  /// Reads `RIG/NAME` of a registered rig.
  static func identity(_ text: String, layout: TownLayout) throws -> AgentIdentity {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
      throw AddressError("\(quotedForDisplay(text)) is not of the form RIG/NAME")
    }
    try AddressBook(layout: layout).rig(parts[0])
    try TownName.checkPolecat(parts[1])
    return .polecat(rig: parts[0], name: parts[1])
  }
}
