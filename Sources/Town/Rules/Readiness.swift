// SPDX-License-Identifier: Apache-2.0

/// Whether an agent sits at its prompt, read off its pane.
package enum Readiness: Sendable, Hashable {
  /// Its prompt is shown and it is not busy: it can be told to begin.
  case ready
  /// It is at work already.
  case busy
  case notYet

  /// - Parameter lines: the pane's visible lines, from top to bottom.
  package static func judge(_ lines: [String]) -> Readiness {
    guard let last = lines.lastIndex(where: { !$0.allSatisfy(\.isWhitespace) }) else { return .notYet }
    let tail = lines[max(0, last - 9)...last]
    if tail.contains(where: { $0.lowercased().containsBytes(of: "esc to interrupt") }) { return .busy }
    return tail.contains(where: isPrompt) ? .ready : .notYet
  }

  /// `>` or `> …` (a plain prompt), `❯` and a no-break space (Claude; with a plain space it marks the
  /// choice in a menu, where what is typed would be an answer) or `›` (Codex).
  private static func isPrompt(_ line: String) -> Bool {
    var content = line[...]
    while let first = content.first, isPadding(first) { content.removeFirst() }
    while let last = content.last, isPadding(last) { content.removeLast() }
    if content == "❯" || content.hasPrefix("❯\u{00A0}") { return true }
    let plain = String(content).replacingNoBreakSpaces()
    return plain == ">" || plain.hasPrefix("> ") || plain == "›" || plain.hasPrefix("› ")
  }

  private static func isPadding(_ character: Character) -> Bool {
    character == " " || character == "\u{00A0}" || character == "│"
  }

  /// Whether `text` still stands on an input line, which means that it was not submitted.
  package static func isStillTyped(_ text: String, lines: [String]) -> Bool {
    guard let prompt = lines.last(where: isPrompt) else { return false }
    return prompt.replacingNoBreakSpaces().containsBytes(of: text)
  }
}

extension String {
  fileprivate func replacingNoBreakSpaces() -> String {
    String(map { $0 == "\u{00A0}" ? " " : $0 })
  }
}
