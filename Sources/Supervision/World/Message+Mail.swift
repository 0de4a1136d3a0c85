// SPDX-License-Identifier: Apache-2.0

internal import Beads
internal import FoundationEssentials
internal import Town

extension Message {
  /// A message as the mail store has it.
  init(_ mail: MailMessage) {
    self.init(
      id: mail.id, sender: mail.from, subject: mail.subject, body: mail.body,
      document: try? JSONDecoder().decode([String: JSONValue].self, from: Data(mail.body.utf8)), sentAt: mail.timestamp)
  }
}
