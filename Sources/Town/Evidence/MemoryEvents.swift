// SPDX-License-Identifier: Apache-2.0

/// What the kernel counted of a control group's memory (`memory.events`), at the death and, where that
/// was read, while the agent lived.
package struct MemoryEvents: Sendable, Hashable, Codable {
  /// The group's path below the root of the hierarchy. Agents may share one: then the counts are of all.
  package var controlGroup: String
  /// By the kernel's own names: `low high max oom oom_kill oom_group_kill`.
  package var counts: [String: Int64]
  /// `oom_kill` when the life was first seen; `nil` where it was not read then.
  package var killsBefore: Int64?
  /// Whether the service manager has said of the agent's own unit that something of it was killed for memory. It
  /// sees that before it removes the group, whose counts are gone afterwards. `nil` where it was not asked.
  package var isReported: Bool?

  package init(
    controlGroup: String, counts: [String: Int64], killsBefore: Int64? = nil, isReported: Bool? = nil
  ) {
    self.controlGroup = controlGroup
    self.counts = counts
    self.killsBefore = killsBefore
    self.isReported = isReported
  }

  enum CodingKeys: String, CodingKey {
    case counts
    case isReported = "oom_reported"
    case controlGroup = "cgroup"
    case killsBefore = "oom_kill_before"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(controlGroup, forKey: .controlGroup)
    try container.encode(counts, forKey: .counts)
    try container.encode(killsBefore, forKey: .killsBefore)
    try container.encode(isReported, forKey: .isReported)
  }

  package var kills: Int64? { counts["oom_kill"] }

  /// Whether something of the group was killed for memory during the life.
  package var sawKill: Bool {
    if isReported == true { return true }
    guard let kills, let killsBefore else { return false }
    return kills > killsBefore
  }

  /// Reads the text of `memory.events`; `nil` where it holds no counts.
  package static func counts(_ text: String) -> [String: Int64]? {
    var counts: [String: Int64] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, let count = Int64(words[1]) { counts[String(words[0])] = count }
    }
    return counts.isEmpty ? nil : counts
  }
}
