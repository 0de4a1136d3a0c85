// SPDX-License-Identifier: Apache-2.0

/// An agent that was started and has not been told to begin: one entry of `spawn/pending.json`.
///
/// The field names are the original's; `first_seen` and `told` are ours.
package struct PendingSpawn: Sendable, Hashable, Codable {
  package var rig: String
  package var polecat: String
  package var session: String
  package var issue: String?
  package var spawnedAt: Timestamp
  package var mailID: String?
  /// When its session was first seen by the supervisor.
  package var firstSeen: Timestamp?
  /// Whether its first prompt was an argument of its command, so that nothing has to be typed.
  package var isTold: Bool?

  package init(
    rig: String, polecat: String, session: String, issue: String?, spawnedAt: Timestamp, mailID: String? = nil,
    firstSeen: Timestamp? = nil, isTold: Bool? = nil
  ) {
    self.rig = rig
    self.polecat = polecat
    self.session = session
    self.issue = issue
    self.spawnedAt = spawnedAt
    self.mailID = mailID
    self.firstSeen = firstSeen
    self.isTold = isTold
  }

  enum CodingKeys: String, CodingKey {
    case rig, polecat, session, issue
    case spawnedAt = "spawned_at"
    case mailID = "mail_id"
    case firstSeen = "first_seen"
    case isTold = "told"
  }
}
