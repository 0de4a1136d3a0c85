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
    let text = lines.map { $0.replacingNoBreakSpaces() }
    guard let last = text.lastIndex(where: { !$0.allSatisfy(\.isWhitespace) }) else { return .notYet }
    let tail = text[max(0, last - 9)...last]
    if tail.contains(where: { $0.lowercased().contains("esc to interrupt") }) { return .busy }
    return tail.contains(where: isPrompt) ? .ready : .notYet
  }

  /// `>` or `> …` (a plain prompt), `❯` (Claude; a no-break space follows it) or `›` (Codex).
  private static func isPrompt(_ line: String) -> Bool {
    var content = line[...]
    while let first = content.first, first == " " || first == "│" { content.removeFirst() }
    while let last = content.last, last == " " || last == "│" { content.removeLast() }
    return content == ">" || content.hasPrefix("> ") || content == "❯" || content.hasPrefix("❯ ") || content == "›"
      || content.hasPrefix("› ")
  }

  /// Whether `text` still stands on an input line, which means that it was not submitted.
  package static func isStillTyped(_ text: String, lines: [String]) -> Bool {
    let shown = lines.map { $0.replacingNoBreakSpaces() }
    guard let prompt = shown.lastIndex(where: isPrompt) else { return false }
    return shown[prompt].contains(text)
  }
}

extension String {
  fileprivate func replacingNoBreakSpaces() -> String {
    String(map { $0 == "\u{00A0}" ? " " : $0 })
  }
}
