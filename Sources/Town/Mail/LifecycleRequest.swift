// SPDX-License-Identifier: Apache-2.0

/// What an agent may ask for itself, by mail to the Deacon.
package enum LifecycleAction: String, Sendable, Hashable, Codable, CaseIterable {
  /// To be ended and started again, with the work handed over to the next session.
  case cycle
  /// To be ended and started again.
  case restart
  /// To be ended, and to stay down.
  case shutdown

  /// A word of a request; `stop` means `shutdown`.
  package init?(word: some StringProtocol) {
    let word = word.lowercased()
    self.init(rawValue: word == "stop" ? LifecycleAction.shutdown.rawValue : word)
  }

  /// The key of the agent's state.json that must be true for this to be done.
  package var stateKey: String { "requesting_\(rawValue)" }

  package var startsAgain: Bool { self != .shutdown }
}

/// Reads lifecycle requests out of mail.
package enum LifecycleRequest {
  /// The key of state.json that goes together with the action's.
  package static let timeKey = "requesting_time"

  /// When a state.json says that its requests were made, as it is written there; `nil` where it does not say.
  package static func time(in members: [String: JSONValue]) -> String? {
    members[timeKey].map { String(($0.string ?? $0.summary).prefix(64)) }
  }

  /// Whether a message is a request at all: its subject begins with `LIFECYCLE:`, in any case.
  package static func isRequest(_ message: Message) -> Bool {
    message.subject.trimmed.lowercased().hasPrefix("lifecycle:")
  }

  /// What is asked for: `{"action": WORD}`, `action: WORD` on a line of its own, or the word alone.
  /// `nil` where the body says none of these, or two different things.
  package static func action(of message: Message) -> LifecycleAction? {
    if let document = message.document {
      return document["action"]?.string.flatMap { LifecycleAction(word: $0.trimmed) }
    }
    let body = message.body.trimmed
    if let action = LifecycleAction(word: body) { return action }
    let named = body.split(whereSeparator: \.isNewline).compactMap { line -> LifecycleAction?? in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].trimmed.lowercased() == "action" else { return nil }
      return .some(LifecycleAction(word: parts[1].trimmed))
    }
    guard let first = named.first, named.allSatisfy({ $0 == first }) else { return nil }
    return first
  }
}

extension StringProtocol {
  /// The text without white space at either end.
  package var trimmed: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
