// SPDX-License-Identifier: Apache-2.0

/// What a pane shows, with the state in which a later call may still find it.
package struct PaneView: Sendable, Hashable {
  /// The visible rows, from top to bottom, without spaces at their ends.
  package var rows: [String]
  /// The same without the text that is shown faintly.
  package var bright: [String]
  /// The cursor's column and row, from 0.
  package var column: Int
  package var row: Int
  package var title: String
  package var isInMode: Bool
  package var state: PaneState
}

/// In which state a pane was: its process, the place of its cursor, its size, and what its screen and its title show of
/// prompts, choices and work. tmux compares it within the step in which it types, so that nothing is typed at what has
/// changed since the look.
package struct PaneState: Sendable, Hashable {
  /// What ``format`` was expanded to: numbers, points and a per cent sign.
  let value: String

  init?(_ value: some StringProtocol) {
    guard !value.isEmpty,
      value.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "%") || Self.isDigit($0) })
    else { return nil }
    self.value = String(value)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// The row of the first empty input line, of the first marked choice with a number, and of the first line that says
  /// how work is interrupted; 0 where there is none.
  private static let signs = [
    "#{C/r:^[ │]*[>❯›].?[ │]*$}", "#{C/r:^[ │]*[>❯›] *[0-9]+[.)] }", "#{C/ri:esc to inter}",
    // A range of such letters matches nothing here.
    "#{m/r:^[◐◑◒◓⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏⠁⠂⠄⡀⢀⠠⠐⠈⣾⣽⣻⢿⡿⣟⣯⣷],#{pane_title}}", "#{m:*Action Required*,#{pane_title}}",
  ]

  /// No quote and no backslash is in it.
  static let format =
    "#{pane_id}.#{pane_pid}.#{pane_dead}.#{pane_in_mode}.#{cursor_x}.#{cursor_y}.#{pane_width}.#{pane_height}."
    + "#{alternate_on}." + signs.joined(separator: ".")

  /// Is true while the pane is in this state.
  var condition: String { "#{==:\(Self.format),\(value)}" }
}

extension TmuxClient {
  /// What several panes show, in one process for every sixteen of them. A pane that is not there is not in the result.
  @concurrent package func views(of panes: [PaneID]) async throws -> [PaneID: PaneView] {
    var views: [PaneID: PaneView] = [:]
    // tmux takes 16 KB of words a call.
    for start in stride(from: 0, to: panes.count, by: 16) {
      let batch = panes[start..<min(start + 16, panes.count)]
      let transcript = ViewTranscript()
      let output = try await call("look at \(batch.count) panes", batch.map(transcript.command))
      let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
      for pane in batch { views[pane] = transcript.view(of: pane, in: lines) }
    }
    return views
  }

  /// What one pane shows.
  ///
  /// - Throws: ``TmuxError`` with `noSuchTarget` where it is not there.
  @concurrent package func view(of pane: PaneID) async throws -> PaneView {
    guard let view = try await views(of: [pane])[pane] else {
      throw TmuxError(.noSuchTarget, operation: "look at the pane \(pane)", reason: "there is no such pane")
    }
    return view
  }
}

/// What one call prints that looks at several panes, and how it is taken apart.
struct ViewTranscript: Sendable {
  /// Begins the line before each pane's rows; no pane can know it.
  let token: String

  init(token: String = "view-" + String(UInt64.random(in: .min ... .max), radix: 36)) { self.token = token }

  func command(_ pane: PaneID) -> [String] {
    [
      "if-shell", "-F", "-t", "\(pane)", "#{==:#{pane_id},\(pane)}",
      "display-message -p -t \(pane) '\(token).\(pane.number) \(PaneState.format) #{cursor_x} #{cursor_y} "
        + "#{pane_in_mode} #{pane_title}' ; capture-pane -p -e -t \(pane)",
    ]
  }

  func view(of pane: PaneID, in all: [Substring]) -> PaneView? {
    let marker = "\(token).\(pane.number) "
    guard let start = all.firstIndex(where: { $0.hasPrefix(marker) }) else { return nil }
    let facts = all[start].dropFirst(marker.count).split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
    guard facts.count == 5, let state = PaneState(facts[0]), let column = Int(facts[1]), let row = Int(facts[2]) else {
      return nil
    }
    var rows = all[(start + 1)...].prefix { !$0.hasPrefix("\(token).") }
    if rows.endIndex == all.endIndex, rows.last?.isEmpty == true { rows.removeLast() }
    var style = RowStyle()
    let read = rows.map { style.read($0) }
    return PaneView(
      rows: read.map(\.text), bright: read.map(\.bright), column: column, row: row, title: String(facts[4]),
      isInMode: facts[3] != "0", state: state)
  }
}
