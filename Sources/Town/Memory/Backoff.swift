// SPDX-License-Identifier: Apache-2.0

/// How long an agent that keeps dying has to wait: nothing the first time, then `initial`, doubling
/// up to `max`. A stable life clears it.
package struct Backoff: Sendable, Hashable, Codable {
  /// Attempts in a row that were not followed by a stable life.
  package private(set) var attempts = 0
  /// When the last attempt was made.
  package private(set) var lastAttempt: Timestamp?

  package init() {}

  enum CodingKeys: String, CodingKey {
    case attempts
    case lastAttempt = "last_attempt"
  }

  /// Notes an attempt to start the agent, whatever comes of it.
  package mutating func noteAttempt(at time: Timestamp) {
    attempts += 1
    lastAttempt = time
  }

  /// Notes that the agent is alive at `time`; a life that has lasted `stable` clears the count.
  package mutating func noteAlive(at time: Timestamp, policy: Policy.Restart) {
    guard let lastAttempt, time - lastAttempt >= policy.stable else { return }
    self = Backoff()
  }

  /// The earliest time of the next attempt; `nil` where it may be made at once.
  package func nextAttempt(policy: Policy.Restart) -> Timestamp? {
    guard attempts > 0, let lastAttempt else { return nil }
    return lastAttempt + delay(policy: policy)
  }

  /// The wait that is due after the attempts so far.
  package func delay(policy: Policy.Restart) -> Duration {
    guard attempts > 0 else { return .zero }
    var delay = policy.initial
    for _ in 1..<Swift.max(2, Swift.min(attempts, 40)) where attempts > 1 && delay < policy.max { delay = delay * 2 }
    return Swift.min(delay, policy.max)
  }
}
