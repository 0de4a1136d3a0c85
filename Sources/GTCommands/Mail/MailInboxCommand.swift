// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import CommandSupport
import Town

/// `gt mail inbox`.
struct MailInboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inbox", abstract: "List the unread messages, the newest first.")

  @Option(name: [.long, .customLong("address")], help: "The address of the inbox (default: your own).")
  var identity: String?
  @Flag(help: "Print JSON: an array of messages.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("mail inbox")
      let participant = town.participant
      let mailbox = try identity.map(participant.mailbox) ?? participant.own()
      let messages = try await Mail(store: try town.store.get()).inbox(mailbox).reversed() as [MailMessage]
      if json {
        // Foundation writes an empty array on three lines.
        return messages.isEmpty ? print("[]") : try printJSON(messages)
      }
      print(MailText.inbox(messages, of: mailbox).joined(separator: "\n"))
    }
  }
}
