// SPDX-License-Identifier: Apache-2.0

/// What one call prints that captures several panes, and how it is taken apart.
struct CaptureTranscript: Sendable {
  /// Begins the line before each pane's text; no pane can know it.
  let token: String

  init(token: String = "capture-" + String(UInt64.random(in: .min ... .max), radix: 36)) {
    self.token = token
  }

  /// tmux drops the rest of a call after a command that fails, so a missing pane must not fail:
  /// `if-shell -F` accepts a target that is not there, and compares to nothing.
  func command(_ capture: PaneCapture) -> [String] {
    let pane = capture.pane
    let same =
      if let process = capture.process {
        "#{==:#{pid}.#{pane_pid}.#{pane_id},\(process.server).\(process.pid).\(pane)}"
      } else { "#{==:#{pane_id},\(pane)}" }
    return [
      "if-shell", "-F", "-t", "\(pane)", same,
      // The number without its `%`, which would be one of strftime's in a format.
      "display-message -p -t \(pane) '\(token).\(pane.number).#{pane_dead}.#{pane_dead_time}.#{version}' ; "
        + "capture-pane -p -J -S -\(max(capture.lines, 1)) -t \(pane)",
    ]
  }

  /// Whether the text of a pane begins with this line.
  func begins(_ line: Substring) -> Bool { line.hasPrefix("\(token).") }

  /// The text of one pane in the output of the whole call; `nil` where the pane was not there.
  func text(of capture: PaneCapture, in all: [Substring]) -> CapturedPane? {
    let marker = "\(token).\(capture.pane.number)."
    guard let start = all.firstIndex(where: { $0.hasPrefix(marker) }) else { return nil }
    let facts = all[start].dropFirst(marker.count).split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard facts.count == 3 else { return nil }
    var lines = all[(start + 1)...].prefix { !begins($0) }.map(Self.trimmed)
    while lines.last?.isEmpty == true { lines.removeLast() }
    if facts[0] == "1", let last = lines.last, let words = Self.withoutNotice(last) {
      lines[lines.count - 1] = words
      while lines.last?.isEmpty == true { lines.removeLast() }
    }
    return CapturedPane(
      lines: lines.suffix(max(capture.lines, 1)).map { String($0) }, deadTime: Int(facts[1]),
      version: String(facts[2]))
  }

  /// A line without what tmux itself writes into the bottom row of a dead pane, however far below the
  /// process's last words that is; `nil` where it is not there. A last line that had no end of its own
  /// is joined with it.
  private static func withoutNotice(_ line: Substring) -> Substring? {
    let notice = "Pane is dead".utf8
    // By bytes: to go back by characters takes the square of the length, where a pane is full of flags.
    let bytes = line.utf8
    for start in bytes.indices.reversed() where bytes[start] == notice.first && bytes[start...].starts(with: notice) {
      let rest = line[start...].dropFirst(notice.count)
      return rest.isEmpty || (rest.hasPrefix(" (") && rest.hasSuffix(")")) ? trimmed(line[..<start]) : nil
    }
    return nil
  }

  private static func trimmed(_ line: Substring) -> Substring {
    var line = line
    while line.utf8.last == UInt8(ascii: " ") { line.unicodeScalars.removeLast() }
    return line
  }
}
