// SPDX-License-Identifier: Apache-2.0

import Beads
import Town

extension Message {
  /// A message as the mail store has it.
  init(_ mail: MailMessage) {
    self.init(
      id: mail.id, sender: mail.from, subject: mail.subject, body: mail.body,
      document: (try? JSONValue(json: Array(mail.body.utf8)))?.object, sentAt: mail.timestamp)
  }
}
