// SPDX-License-Identifier: Apache-2.0

/// The message by which another tool that has started a polecat asks the daemon to tell it to begin: `POLECAT_STARTED
/// <rig>/<polecat>`, with lines `Session: ` and `Issue: ` in the body.
package enum StartedMail {
  private static let word = "POLECAT_STARTED"

  package static func isStarted(_ message: Message) -> Bool {
    guard let rest = message.subject.trimmed.removingPrefix(word) else { return false }
    return rest.first?.isWhitespace ?? true
  }

  /// The started agent, as named by the subject; `nil` where it names none.
  package static func address(in message: Message) -> String? {
    guard let rest = message.subject.trimmed.removingPrefix(word)?.trimmed, !rest.isEmpty else { return nil }
    return rest
  }

  /// The value of a line `name: value` of the body; `nil` where there is none, or nothing in it.
  package static func value(_ name: String, in message: Message) -> String? {
    for line in message.body.split(whereSeparator: \.isNewline) {
      guard let value = String(line).trimmed.removingPrefix("\(name):")?.trimmed else { continue }
      return value.isEmpty ? nil : value
    }
    return nil
  }
}
