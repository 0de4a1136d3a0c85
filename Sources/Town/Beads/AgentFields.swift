// SPDX-License-Identifier: Apache-2.0

/// The `key: value` lines of an agent bead's description.
///
/// The description is the contract with every other tool: keys in any case, `null` or nothing for
/// "none". Rewriting keeps the title line and every line that is not being changed, byte for byte.
package struct AgentFields: Sendable, Hashable {
  /// The fields that this project reads or writes.
  package enum Key: String, Sendable, CaseIterable {
    case roleType = "role_type"
    case rig
    case agentState = "agent_state"
    case hookBead = "hook_bead"
    case roleBead = "role_bead"
    case cleanupStatus = "cleanup_status"
  }

  /// The whole description.
  package private(set) var description: String

  package init(description: String) { self.description = description }

  /// A new agent bead's description: a title line, an empty line, then the fields.
  package init(title: String, role: AgentIdentity.Role, rig: String?, state: AgentState, hookBead: String?) {
    description = """
      \(title)

      role_type: \(role.rawValue)
      rig: \(rig ?? "null")
      agent_state: \(state.rawValue)
      hook_bead: \(hookBead ?? "null")
      role_bead: gt-\(role.rawValue)-role
      cleanup_status: null
      """
  }

  /// A field's value; `nil` where the line is missing, empty or `null`. The first line counts.
  package subscript(key: Key) -> String? {
    for line in lines {
      guard let value = AgentFields.value(of: key, in: line) else { continue }
      return value.isEmpty || value.lowercased() == "null" ? nil : value
    }
    return nil
  }

  /// Whether the description has a line for `key`, with a value or without.
  package func mentions(_ key: Key) -> Bool {
    lines.contains { AgentFields.value(of: key, in: $0) != nil }
  }

  /// Sets a field where its line stands, or adds the line at the end; `nil` writes `null`.
  package mutating func set(_ key: Key, to value: String?) {
    var lines = lines
    let line = "\(key.rawValue): \(value ?? "null")"
    if let index = lines.firstIndex(where: { AgentFields.value(of: key, in: $0) != nil }) {
      lines[index] = line + (lines[index].unicodeScalars.last == "\r" ? "\r" : "")
    } else {
      lines.append(line[...])
    }
    description = lines.joined(separator: "\n")
  }

  /// The lines, each with the carriage return that it may end in: to Swift, that and the line feed
  /// are one character, at which a split at line feeds would not cut.
  private var lines: [Substring] {
    description.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { Substring($0) }
  }

  private static func value(of key: Key, in line: Substring) -> String? {
    // Most lines are told apart by their length alone, and every bead is read with every turn.
    guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")),
      line.utf8[..<colon].count >= key.rawValue.utf8.count
    else { return nil }
    guard trimmed(line[..<colon]).lowercased() == key.rawValue else { return nil }
    return trimmed(line[line.index(after: colon)...])
  }

  private static func trimmed(_ text: Substring) -> String {
    var part = text
    while let first = part.first, first.isWhitespace { part.removeFirst() }
    while let last = part.last, last.isWhitespace { part.removeLast() }
    return String(part)
  }
}
