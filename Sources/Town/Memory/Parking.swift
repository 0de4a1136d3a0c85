// SPDX-License-Identifier: Apache-2.0

/// Why and since when an agent is no longer simply started again.
package struct Parking: Sendable, Hashable, Codable {
  package enum Reason: String, Sendable, Hashable, Codable {
    /// It has died too often.
    case crashLoop = "crash_loop"
    /// It keeps ending without an error while its work is still on its hook.
    case unfinished
    /// The program that it runs does not exist.
    case noCommand = "no_command"
  }

  package var reason: Reason
  /// In words, for people: `5 crashes within 15m0s`.
  package var words: String
  package var since: Timestamp
  /// When it was last tried; `nil` where it has not been since.
  package var lastProbe: Timestamp?

  package init(reason: Reason, words: String, since: Timestamp) {
    self.reason = reason
    self.words = words
    self.since = since
  }

  enum CodingKeys: String, CodingKey {
    case reason, words, since
    case lastProbe = "last_probe"
  }

  /// When it is tried the next time; `nil` where that does not depend on time: a command that does not
  /// exist is looked for instead.
  package func nextProbe(limits: Policy.Restart) -> Timestamp? {
    reason == .noCommand ? nil : Swift.max(since, lastProbe ?? since) + limits.probe
  }

  mutating func clamp(to time: Timestamp) {
    since = Swift.min(since, time)
    lastProbe = lastProbe.map { Swift.min($0, time) }
  }

  mutating func shift(by step: Duration) {
    since = since + step
    lastProbe = lastProbe.map { $0 + step }
  }
}
