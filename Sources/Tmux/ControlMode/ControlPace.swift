// SPDX-License-Identifier: Apache-2.0

/// When a control-mode client may be started again: a second after the last one was lost, doubling to a
/// minute while none lasts.
struct ControlPace: Sendable {
  static let shortest: Duration = .seconds(1)
  static let longest: Duration = .seconds(60)

  private var delay = ControlPace.shortest
  private var notBefore: ContinuousClock.Instant?

  func mayConnect(at time: ContinuousClock.Instant) -> Bool { notBefore.map { $0 <= time } ?? true }

  /// Notes that a client is gone, or did not come to be.
  ///
  /// - Parameter connectedAt: since when it had answered; `nil` where it never did. One that has lasted
  ///   for the longest pause has earned the shortest.
  mutating func noteLost(connectedAt: ContinuousClock.Instant?, at time: ContinuousClock.Instant) {
    if let connectedAt, time - connectedAt >= Self.longest { delay = Self.shortest }
    notBefore = time + delay
    delay = min(delay * 2, Self.longest)
  }
}
