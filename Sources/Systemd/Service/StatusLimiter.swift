// SPDX-License-Identifier: Apache-2.0

/// Keeps status lines to one in an interval; the last one that was offered always arrives.
package struct StatusLimiter<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
  package enum Action: Sendable, Hashable {
    /// Send this now.
    case send(String)
    /// Call ``due(at:)`` then.
    case wait(until: Instant)
    /// It is what was said last.
    case nothing
  }

  private let interval: Duration
  private var lastSent: (text: String, at: Instant)?
  private var held: String?

  package init(interval: Duration = .seconds(1)) { self.interval = interval }

  /// A new line is to be said.
  package mutating func offer(_ status: String, at now: Instant) -> Action {
    guard let lastSent else { return send(status, now) }
    if status == lastSent.text {
      held = nil
      return .nothing
    }
    held = status
    return due(at: now)
  }

  /// The time that was waited for has come.
  package mutating func due(at now: Instant) -> Action {
    guard let held, let lastSent else { return .nothing }
    let next = lastSent.at.advanced(by: interval)
    return next <= now ? send(held, now) : .wait(until: next)
  }

  private mutating func send(_ status: String, _ now: Instant) -> Action {
    held = nil
    lastSent = (status, now)
    return .send(status)
  }
}
