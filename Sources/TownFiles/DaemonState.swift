// SPDX-License-Identifier: Apache-2.0

package import Town

/// `daemon/state.json`: what other tools may know of the daemon without asking it.
package struct DaemonState: Sendable, Hashable, Codable {
  package var running: Bool
  package var pid: Int32
  package var startedAt: Timestamp
  package var lastHeartbeat: Timestamp?
  package var heartbeatCount: Int

  package init(
    running: Bool, pid: Int32, startedAt: Timestamp, lastHeartbeat: Timestamp? = nil, heartbeatCount: Int = 0
  ) {
    self.running = running
    self.pid = pid
    self.startedAt = startedAt
    self.lastHeartbeat = lastHeartbeat
    self.heartbeatCount = heartbeatCount
  }

  enum CodingKeys: String, CodingKey {
    case running, pid
    case startedAt = "started_at"
    case lastHeartbeat = "last_heartbeat"
    case heartbeatCount = "heartbeat_count"
  }
}

/// `daemon/activity.json`: when a person or an agent last used `gt`.
package struct Activity: Sendable, Hashable, Codable {
  package var lastCommand: String
  package var timestamp: Timestamp

  package init(lastCommand: String, timestamp: Timestamp) {
    self.lastCommand = lastCommand
    self.timestamp = timestamp
  }

  enum CodingKeys: String, CodingKey {
    case timestamp
    case lastCommand = "last_command"
  }
}
