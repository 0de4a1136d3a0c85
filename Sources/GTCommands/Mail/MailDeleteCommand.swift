// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import CommandSupport
import Town

/// `gt mail delete`.
struct MailDeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Remove a message from its inbox. The store keeps it.")

  @Argument(help: "The message's id, as shown by the inbox.")
  var id: String
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("mail delete")
      let mail = Mail(store: try town.store.get())
      try await MailCommand.finding(id) { try await mail.delete(id) }
      print("\(displayable(id)) is deleted.")
    }
  }
}
