// SPDX-License-Identifier: Apache-2.0

/// The town's events as they happen: answered with one reply after the other, until the daemon stops or
/// the client goes.
package struct Watch: ControlMethod, Hashable {
  package static let name = "Watch"
  package static let isIdempotent = true

  /// What the first reply of every stream is called.
  package static let started = "stream_started"

  /// Whether the events come first that the daemon has seen and still knows.
  @ExplicitNull package var recent: Bool?
  /// Only what concerns this agent, by its address.
  @ExplicitNull package var agent: String?
  /// Only what concerns the agents of this rig.
  @ExplicitNull package var rig: String?
  /// Only these events, by name; absent for all.
  @ExplicitNull package var events: [String]?

  package init(recent: Bool? = nil, agent: String? = nil, rig: String? = nil, events: [String]? = nil) {
    self.recent = recent
    self.agent = agent
    self.rig = rig
    self.events = events
  }

  /// One event; what does not apply is `null`.
  package struct Reply: Codable, Sendable, Hashable {
    /// Its name, as the journal's GT_EVENT.
    package var event: String
    /// RFC 3339 in UTC.
    package var time: String
    /// Counts the daemon's events from 1.
    package var sequence: Int
    /// How many this client has lost just before this one.
    package var lost = 0
    /// The town's canonical path.
    package var town: String
    /// The line that a person reads.
    package var message: String
    @ExplicitNull package var agent: String?
    @ExplicitNull package var rig: String?
    @ExplicitNull package var session: String?
    /// The systemd unit that the agent lived in, where it has one of its own.
    @ExplicitNull package var unit: String?
    @ExplicitNull package var bead: String?
    @ExplicitNull package var pid: Int32?
    @ExplicitNull package var exitStatus: Int32?
    @ExplicitNull package var exitSignal: Int32?
    @ExplicitNull package var restartCount: Int?
    @ExplicitNull package var reason: String?
    /// The id of the capsule of the death that this is about.
    @ExplicitNull package var capsule: String?
    /// What the agent's pane showed last.
    package var lastWords: [String] = []

    package init(event: String, time: String, sequence: Int, town: String, message: String) {
      self.event = event
      self.time = time
      self.sequence = sequence
      self.town = town
      self.message = message
    }

    private enum CodingKeys: String, CodingKey {
      case event, time, sequence, lost, town, message, agent, rig, session, unit, bead, pid
      case exitStatus = "exit_status"
      case exitSignal = "exit_signal"
      case restartCount = "restart_count"
      case reason, capsule
      case lastWords = "last_words"
    }
  }
}
