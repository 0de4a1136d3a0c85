// SPDX-License-Identifier: Apache-2.0

/// Many agents that died at one time, for one reason: one event, until it has been quiet for a while.
package struct MassDeath: Sendable, Hashable, Codable {
  package var since: Timestamp
  /// When the last of them died.
  package var last: Timestamp
  /// What they died of, in words.
  package var cause: String
  package var count: Int
  /// The alerts that have gone out because of it, by subject and recipients.
  package var told: Set<String> = []
  /// Deaths that no message has reported yet: the latest of each agent that the daemon does not restart.
  package var untold: [Notice]?
  /// When the first of them came.
  package var untoldSince: Timestamp?

  package init(since: Timestamp, cause: String, count: Int) {
    self.since = since
    last = since
    self.cause = cause
    self.count = count
  }

  /// How long it has to be quiet until it is over.
  package static let quiet: Duration = .seconds(30)

  package var end: Timestamp { last + MassDeath.quiet }

  /// When what is untold is told, however long it goes on; `nil` where nothing is.
  var due: Timestamp? { untoldSince.map { min(end, $0 + MassDeath.quiet * 2) } }

  mutating func keep(_ notice: Notice) {
    untold = (untold ?? []).filter { $0.agent != notice.agent } + [notice]
    untoldSince = untoldSince ?? last
  }

  mutating func takeUntold() -> [Notice] {
    defer { (untold, untoldSince) = (nil, nil) }
    return untold ?? []
  }

  mutating func clamp(to time: Timestamp) {
    since = min(since, time)
    last = min(last, time)
    untoldSince = untoldSince.map { min($0, time) }
  }

  mutating func shift(by step: Duration) {
    since = since + step
    last = last + step
    untoldSince = untoldSince.map { $0 + step }
  }
}
