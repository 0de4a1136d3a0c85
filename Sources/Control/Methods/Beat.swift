// SPDX-License-Identifier: Apache-2.0

/// Looks at every agent now, without waiting for the next heartbeat, and answers when what was found
/// has been acted upon.
package struct Beat: ControlMethod, Hashable {
  package static let name = "Beat"
  package static let isIdempotent = true

  package struct Reply: Codable, Sendable, Hashable {
    /// How many heartbeats there have been in this town, this one included.
    package var heartbeatCount: Int
    /// What it found and did, in one line.
    package var summary: String

    package init(heartbeatCount: Int, summary: String) {
      self.heartbeatCount = heartbeatCount
      self.summary = summary
    }

    private enum CodingKeys: String, CodingKey {
      case heartbeatCount = "heartbeat_count"
      case summary
    }
  }

  package init() {}
}
