// SPDX-License-Identifier: Apache-2.0

import Town

/// Mail between agents, people and the daemon, kept as beads.
///
/// An open message is unread; reading and deleting both close it, and nothing ever removes it.
package struct Mail: Sendable {
  private let store: any BeadStore

  package init(store: any BeadStore) { self.store = store }

  /// Sends a message. Subject and body are data and may hold anything but NUL.
  ///
  /// - Parameters:
  ///   - permanent: whether the message is kept with what the town exports and shares. Messages
  ///     of the daily traffic (see ``isTraffic(_:)``) never are.
  ///   - thread: the conversation that it belongs to. `nil`, or a name that cannot be kept, begins one.
  ///   - replyTo: the id of the message that it answers.
  /// - Throws: ``BeadStoreError``.
  @concurrent package func send(
    from sender: String, to recipient: String, subject: String, body: String,
    priority: MailMessage.Priority = .normal, permanent: Bool = false, copies: [String] = [], thread: String? = nil,
    replyTo: String? = nil
  ) async throws -> MailMessage {
    var draft = Mail.draft(from: sender, to: recipient, subject: subject, body: body, thread: thread)
    draft.priority = priority.number
    draft.isEphemeral = !permanent || Mail.isTraffic(subject)
    if let replyTo { draft.labels.append("reply-to:\(replyTo)") }
    draft.labels += copies.map { "cc:\(MailAddress.normalized($0))" }
    return MailMessage(bead: try await store.create(draft))
  }

  /// Why a message can never be sent with any store; `nil` where it can be sent.
  package static func objection(from sender: String, to recipient: String, subject: String, body: String) -> String? {
    do throws(BeadStoreError) {
      try BeadRules.check(draft(from: sender, to: recipient, subject: subject, body: body), attempt: "")
      return nil
    } catch {
      return error.message
    }
  }

  private static func draft(
    from sender: String, to recipient: String, subject: String, body: String, thread: String? = nil
  ) -> BeadDraft {
    BeadDraft(
      type: "message", title: subject, description: body, assignee: MailAddress.normalized(recipient),
      labels: ["from:\(sender)", "thread:\(thread.flatMap(Mail.kept) ?? Mail.newThread())"], author: sender)
  }

  /// The unread messages to `identity` and the copies that it was sent, oldest first.
  @concurrent package func inbox(_ identity: String) async throws -> [MailMessage] {
    try await store.messages(for: MailAddress.normalized(identity)).map(MailMessage.init(bead:))
  }

  /// One message, read or not. It stays as it is.
  ///
  /// - Throws: ``BeadStoreError``; `notFound` where no message has this id.
  @concurrent package func message(_ id: String) async throws -> MailMessage {
    let attempt = "reading message \(quotedForDisplay(id)) in \(store.name)"
    switch try await store.beads([id])[id] {
    case .known(let bead?) where bead.type == "message": return MailMessage(bead: bead)
    case .known: throw BeadStoreError(.notFound, attempt: attempt, message: "there is no such message")
    case .unknown(let reason): throw BeadStoreError(.unavailable, attempt: attempt, message: reason)
    case nil: throw BeadStoreError(.unreadable, attempt: attempt, message: "no answer")
    }
  }

  /// One message, which is marked as read.
  @concurrent package func read(_ id: String) async throws -> MailMessage {
    let message = try await message(id)
    if message.read { return message }
    return MailMessage(bead: try await store.close(id, reason: "read"))
  }

  /// Takes a message out of its inbox. One that is out already is no error.
  @concurrent package func delete(_ id: String) async throws {
    guard try await !message(id).read else { return }
    _ = try await store.close(id, reason: "deleted")
  }

  /// Whether a subject is that of the traffic between the town's own parts.
  package static func isTraffic(_ subject: String) -> Bool {
    ["POLECAT_STARTED", "POLECAT_DONE", "START_WORK", "NUDGE"].contains { subject.uppercased().hasPrefix($0) }
  }

  /// A thread's name, where it can be a label. What other programs call a thread is not for us to refuse.
  private static func kept(_ thread: String) -> String? {
    (try? BeadRules.checkName(thread, attempt: "")) == nil ? nil : thread
  }

  private static func newThread() -> String {
    let digits = Array("0123456789abcdef")
    return "thread-" + String((0..<12).compactMap { _ in digits.randomElement() })
  }
}
