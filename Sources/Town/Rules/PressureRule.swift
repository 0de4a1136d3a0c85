// SPDX-License-Identifier: Apache-2.0

/// Whether the agents are slowed down because together they use up their memory: what looks like agents that hang is
/// the kernel, and a person is to know.
package enum PressureRule {
  /// The share of the last ten seconds, in percent, in which some agent waited for memory. From this share on it is
  /// reported.
  package static let high: Double = 40
  /// Down to this share the state lasts.
  package static let low: Double = 10

  /// Whether the agents are slowed down now.
  ///
  /// - Parameter pressure: as reported by the kernel; `nil` where it does not report it, and then no agent is.
  package static func isHigh(_ pressure: Double?, before: Bool) -> Bool {
    guard let pressure else { return false }
    return pressure >= (before ? low : high)
  }

  package static func event(isHigh: Bool, pressure: Double?) -> TownEvent {
    guard isHigh else {
      return TownEvent(.agentsRelieved, message: "agents no longer wait for memory", reason: "memory suffices again")
    }
    let reason = "they wait for memory \(Int64((pressure ?? 0).rounded(.up))) % of the time"
    return TownEvent(.agentsThrottled, message: "the agents are slowed down: \(reason)", reason: reason)
  }
}
