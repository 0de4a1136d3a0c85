// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import Supervision
import Town

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

  /// Says of a message that is not there how to find those that are.
  static func finding<Answer>(_ id: String, _ body: () async throws -> Answer) async throws -> Answer {
    do {
      return try await body()
    } catch let error as BeadStoreError where error.code == .notFound {
      throw CommandRefusal("there is no message \(quotedForDisplay(id)); to list them: gt mail inbox")
    }
  }
}
