// SPDX-License-Identifier: Apache-2.0

/// How soon a changed bead store is read again: soon at first, and later the longer it goes on
/// changing. A town whose agents write all the time, or a store that changes by being read, thus
/// costs little more than its heartbeats.
package struct ChangePacer: Sendable, Hashable {
  /// The shortest pause between two readings.
  package static let shortest: Duration = .seconds(1)

  private let longest: Duration
  private var pause = ChangePacer.shortest
  private var last: Duration?

  /// - Parameter longest: the longest pause; the heartbeat's interval.
  package init(longest: Duration) { self.longest = longest }

  /// How long to wait before the store is read because of a change at `time`.
  ///
  /// - Parameter time: on a clock that is never set.
  package mutating func delay(at time: Duration) -> Duration {
    defer { last = max(time, (last ?? time - pause) + pause) }
    guard let last else { return .zero }
    let quiet = time - last
    // Twice the pause without a change: whatever went on is over.
    if quiet >= pause * 2 {
      pause = ChangePacer.shortest
      return .zero
    }
    pause = min(pause * 2, longest)
    return max(.zero, pause - quiet)
  }
}
