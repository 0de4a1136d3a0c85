// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `gt mail`.
struct MailCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mail", abstract: "Mail between agents, people and the daemon.",
    discussion: """
      Addresses: mayor, deacon, overseer (the person), RIG/witness, RIG/refinery, RIG/NAME.
      Who writes and whose inbox it is, an agent's environment says (GT_ROLE and its companions); without it, \
      the overseer's.
      """,
    subcommands: [
      MailDeleteCommand.self, MailInboxCommand.self, MailReadCommand.self, MailSendCommand.self,
    ])
}
