// SPDX-License-Identifier: Apache-2.0

/// When something that did not succeed is tried again: after half a minute (``TownRules/retry``), then after twice as long
/// each time, up to a longest pause. In time since boot.
package struct RetryTimer: Sendable, Hashable {
  package private(set) var due: Duration?
  private var pause = TownRules.retry

  package init() {}

  package func isDue(at uptime: Duration) -> Bool { due.map { $0 <= uptime } ?? false }

  /// Plans the next attempt.
  ///
  /// - Parameter longest: the longest pause; no less than the first one.
  /// - Returns: how long it is until then.
  @discardableResult
  package mutating func plan(at uptime: Duration, longest: Duration) -> Duration {
    let rest = pause
    due = uptime + rest
    pause = min(rest * 2, max(longest, TownRules.retry))
    return rest
  }

  /// It has succeeded.
  package mutating func clear() { self = RetryTimer() }
}
