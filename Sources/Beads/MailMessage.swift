// SPDX-License-Identifier: Apache-2.0

package import Town

/// One message, as `gt mail inbox --json` prints it.
package struct MailMessage: Sendable, Hashable, Codable {
  package enum Priority: String, Sendable, Hashable, Codable, CaseIterable {
    case urgent, high, normal, low

    /// The bead's priority, 0 to 3.
    package var number: Int {
      switch self {
      case .urgent: 0
      case .high: 1
      case .normal: 2
      case .low: 3
      }
    }

    /// What a bead's priority means; everything below 3 is low, too.
    package init(number: Int) {
      switch number {
      case ...0: self = .urgent
      case 1: self = .high
      case 2: self = .normal
      default: self = .low
      }
    }
  }

  package var id: String
  package var from: String
  package var to: String
  package var subject: String
  package var body: String
  package var timestamp: Timestamp
  package var read: Bool
  package var priority: Priority
  /// `notification` where nothing else is said.
  package var type: String
  package var threadID: String
  /// The message that this one answers. The key is left out where there is none.
  package var replyTo: String?
  /// Omitted where there are no copies.
  package var cc: [String]?

  package init(
    id: String, from: String, to: String, subject: String, body: String, timestamp: Timestamp, read: Bool,
    priority: Priority = .normal, type: String = "notification", threadID: String, replyTo: String? = nil,
    cc: [String]? = nil
  ) {
    self.id = id
    self.from = from
    self.to = to
    self.subject = subject
    self.body = body
    self.timestamp = timestamp
    self.read = read
    self.priority = priority
    self.type = type
    self.threadID = threadID
    self.replyTo = replyTo
    self.cc = cc
  }

  /// Reads the message that a bead of type `message` is.
  package init(bead: Bead) {
    func values(_ key: String) -> [String] {
      bead.labels.filter { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count)) }
    }
    let copies = values("cc:")
    self.init(
      id: bead.id, from: MailAddress.normalized(values("from:").first ?? ""), to: MailAddress.normalized(bead.assignee),
      subject: bead.title, body: bead.description, timestamp: bead.createdAt, read: bead.status != .open,
      priority: Priority(number: bead.priority), type: values("msg-type:").first ?? "notification",
      threadID: values("thread:").first ?? "", replyTo: values("reply-to:").first, cc: copies.isEmpty ? nil : copies)
  }

  private enum CodingKeys: String, CodingKey {
    case id, from, to, subject, body, timestamp, read, priority, type, cc
    case threadID = "thread_id"
    case replyTo = "reply_to"
  }
}

/// The forms under which the mail store keeps addresses.
package enum MailAddress {
  /// `mayor` and `deacon` get their slash; a polecat and a crew member become `<rig>/<name>`. What
  /// else there is stays as it is.
  package static func normalized(_ address: String) -> String {
    if address == "mayor" || address == "deacon" { return "\(address)/" }
    let parts = address.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1] == "polecats" || parts[1] == "crew", !parts[0].isEmpty, !parts[2].isEmpty else {
      return address
    }
    return "\(parts[0])/\(parts[2])"
  }
}
