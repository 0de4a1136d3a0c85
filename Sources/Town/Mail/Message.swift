// SPDX-License-Identifier: Apache-2.0

/// One unread message to the Deacon, as far as the heartbeat's rules ask about it.
package struct Message: Sendable, Hashable {
  package var id: String
  /// Who sent it, as the mail store has it.
  package var sender: String
  package var subject: String
  package var body: String
  /// The body as JSON, where it is an object.
  package var document: [String: JSONValue]?
  package var sentAt: Timestamp

  package init(
    id: String, sender: String, subject: String, body: String, document: [String: JSONValue]? = nil, sentAt: Timestamp
  ) {
    self.id = id
    self.sender = sender
    self.subject = subject
    self.body = body
    self.document = document
    self.sentAt = sentAt
  }
}
