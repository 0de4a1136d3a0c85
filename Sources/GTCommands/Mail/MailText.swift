// SPDX-License-Identifier: Apache-2.0

import Beads
import Town

/// Messages for people. What others wrote cannot act on the terminal.
enum MailText {
  static func inbox(_ messages: [MailMessage], of mailbox: String) -> [String] {
    let count = messages.count
    guard count > 0 else { return ["Inbox: \(mailbox) (no messages)"] }
    return ["Inbox: \(mailbox) (\(counted(count, "message")))", ""]
      + messages.flatMap { message -> [String] in
        let urgency =
          switch message.priority {
          case .urgent: " !!"
          case .high: " !"
          case .normal, .low: ""
          }
        return [
          "  ● \(displayable(message.subject))\(urgency)",
          "    \(displayable(message.id)) from \(displayable(message.from))",
          "    \(time(message.timestamp))",
        ]
      }
  }

  static func message(_ message: MailMessage) -> [String] {
    var lines = [
      "Subject:  \(displayable(message.subject))", "From:     \(displayable(message.from))",
      "To:       \(displayable(message.to))",
    ]
    if let copies = message.cc { lines.append("CC:       \(displayable(copies.joined(separator: ", ")))") }
    lines.append("Date:     \(time(message.timestamp))")
    if message.priority != .normal { lines.append("Priority: \(message.priority.rawValue)") }
    lines.append("ID:       \(displayable(message.id))")
    if let answered = message.replyTo { lines.append("Reply to: \(displayable(answered))") }
    guard !message.body.isEmpty else { return lines }
    lines.append("")
    return lines
      + message.body.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        // A tab is a control character, too, and harms nobody.
        line.split(separator: "\t", omittingEmptySubsequences: false).map { displayable(String($0)) }
          .joined(separator: "\t")
      }
  }

  /// To the minute; mail is not read by the nanosecond.
  private static func time(_ time: Timestamp) -> String {
    "\(time.description.prefix(16).split(separator: "T").joined(separator: " ")) UTC"
  }
}
