// SPDX-License-Identifier: Apache-2.0

/// How the daemon is; the reply is what `gt daemon status --json` prints.
package struct Status: ControlMethod, Hashable {
  package static let name = "Status"
  package static let isIdempotent = true

  package struct Reply: Codable, Sendable, Hashable {
    package var running: Bool
    @ExplicitNull package var pid: Int32?
    /// The town's canonical path.
    package var town: String
    /// RFC 3339 in UTC, as the other times.
    @ExplicitNull package var startedAt: String?
    @ExplicitNull package var lastHeartbeat: String?
    package var heartbeatCount: Int
    @ExplicitNull package var nextHeartbeat: String?
    /// How many agents there are in each state, `alive` or `backing_off`; states without any are left out.
    package var agents: [String: Int]
    /// What cannot be read or written down at present, and why: nothing is done where that is needed.
    package var troubles: [String]

    package init(
      running: Bool,
      pid: Int32? = nil,
      town: String,
      startedAt: String? = nil,
      lastHeartbeat: String? = nil,
      heartbeatCount: Int,
      nextHeartbeat: String? = nil,
      agents: [String: Int] = [:],
      troubles: [String] = []
    ) {
      self.running = running
      self.pid = pid
      self.town = town
      self.startedAt = startedAt
      self.lastHeartbeat = lastHeartbeat
      self.heartbeatCount = heartbeatCount
      self.nextHeartbeat = nextHeartbeat
      self.agents = agents
      self.troubles = troubles
    }

    /// A daemon that has not been replaced yet says nothing of troubles.
    package init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      running = try container.decode(Bool.self, forKey: .running)
      pid = try container.decodeIfPresent(Int32.self, forKey: .pid)
      town = try container.decode(String.self, forKey: .town)
      startedAt = try container.decodeIfPresent(String.self, forKey: .startedAt)
      lastHeartbeat = try container.decodeIfPresent(String.self, forKey: .lastHeartbeat)
      heartbeatCount = try container.decode(Int.self, forKey: .heartbeatCount)
      nextHeartbeat = try container.decodeIfPresent(String.self, forKey: .nextHeartbeat)
      agents = try container.decode([String: Int].self, forKey: .agents)
      troubles = try container.decodeIfPresent([String].self, forKey: .troubles) ?? []
    }

    private enum CodingKeys: String, CodingKey {
      case running, pid, town
      case startedAt = "started_at"
      case lastHeartbeat = "last_heartbeat"
      case heartbeatCount = "heartbeat_count"
      case nextHeartbeat = "next_heartbeat"
      case agents, troubles
    }
  }

  package init() {}
}
