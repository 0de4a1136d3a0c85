// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import CommandSupport
import Glibc
import Town

/// `gt mail read`.
struct MailReadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Show a message and mark it as read, which removes it from the inbox.")

  @Argument(help: "The message's id, as shown by the inbox.")
  var id: String
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("mail read")
      let mail = Mail(store: try town.store.get())
      var message = try await MailCommand.finding(id) { try await mail.message(id) }
      let isNew = !message.read
      message.read = true
      if json {
        try printJSON(message)
      } else {
        print(MailText.message(message).joined(separator: "\n"))
      }
      // Shown first, then marked: a message that nobody could see stays in the inbox.
      guard fflush(nil) == 0 else { throw Unreadable(description: "the message could not be shown") }
      if isNew { _ = try await mail.read(id) }
    }
  }
}
