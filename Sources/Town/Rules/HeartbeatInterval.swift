// SPDX-License-Identifier: Apache-2.0

/// How long until the next beat when nothing happens. Deaths do not wait for it.
package enum HeartbeatInterval {
  /// - Parameter lastActivity: when a person or an agent last used `gt`; `nil` where that was never
  ///   written, which counts as active.
  package static func next(lastActivity: Timestamp?, now: Timestamp, policy: Policy.Heartbeat) -> Duration {
    guard let lastActivity else { return policy.active }
    let age = now - lastActivity
    if age < .seconds(5 * 60) { return policy.active }
    if age < .seconds(15 * 60) { return policy.quiet }
    if age < .seconds(45 * 60) { return policy.idle }
    return policy.dormant
  }
}
