// SPDX-License-Identifier: Apache-2.0

/// The format of a listing of panes, and how its lines are read.
package enum PaneListing {
  /// `|` occurs in none of the fields but the last, the session's name, in which tmux itself escapes
  /// line breaks.
  static let fields = [
    "#{pane_id}", "#{pane_pid}", "#{pane_index}", "#{window_index}", "#{window_id}", "#{session_id}",
    "#{session_attached}", "#{session_created}", "#{pane_dead}", "#{pane_dead_status}", "#{pane_dead_signal}",
    "#{pane_dead_time}", "#{pane_in_mode}", "#{window_activity}", PaneMark.readingFormat, "#{session_name}",
  ]

  /// For `list-panes -F`.
  package static let format = fields.joined(separator: "|")

  /// For `display-message -p`, which answers also on a server without sessions.
  package static let serverFormat = "#{pid} #{start_time}"

  /// Reads one line of ``format``; `nil` where it is none.
  package static func pane(_ line: some StringProtocol) -> Pane? {
    let field = line.split(separator: "|", maxSplits: fields.count - 1, omittingEmptySubsequences: false)
    guard field.count == fields.count, let id = PaneID(field[0]), let pid = Int32(field[1]),
      let index = Int(field[2]), let windowIndex = Int(field[3]), field[4].first == "@", field[5].first == "$",
      let attached = Int(field[6]), let created = Int(field[7]), let activity = Int(field[13]),
      let status = optional(field[9]), let signal = optional(field[10]), let time = optional(field[11])
    else { return nil }
    return Pane(
      id: id, session: String(field[15]), sessionID: String(field[5]), attachedClients: attached,
      sessionCreated: created, windowIndex: windowIndex, windowID: String(field[4]), index: index, pid: pid,
      isDead: field[8] == "1", deadStatus: status, deadSignal: signal, deadTime: time,
      isInMode: !["", "0"].contains(field[12]), windowActivity: activity, mark: PaneMark(value: field[14], on: id))
  }

  /// Reads one line of ``serverFormat``; `nil` where it is none.
  package static func server(_ line: some StringProtocol) -> ServerLife? {
    let field = line.split(separator: " ")
    guard field.count == 2, let pid = Int32(field[0]), pid > 0, let startTime = Int(field[1]) else { return nil }
    return ServerLife(pid: pid, startTime: startTime)
  }

  /// A number that may be missing: `.some(nil)` where the field is empty, `nil` where it is no number.
  private static func optional(_ field: some StringProtocol) -> Int?? {
    if field.isEmpty { return .some(nil) }
    guard let number = Int(field) else { return nil }
    return .some(number)
  }
}
