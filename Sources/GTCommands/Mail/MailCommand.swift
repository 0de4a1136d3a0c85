// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt mail`.
struct MailCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mail", abstract: "Mail between agents, people and the daemon.",
    discussion: """
      Addresses: mayor, deacon, overseer (the user), RIG/witness, RIG/refinery, RIG/NAME.
      The sender and the inbox come from an agent's environment (GT_ROLE and its companions). Without GT_ROLE, they \
      are the overseer's.
      """,
    subcommands: [
      MailDeleteCommand.self, MailInboxCommand.self, MailReadCommand.self, MailSendCommand.self,
    ])
}
