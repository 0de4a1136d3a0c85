// SPDX-License-Identifier: Apache-2.0

/// Whether the daemon does its work, for the check that another process makes of it.
package struct Health: ControlMethod, Hashable {
  package static let name = "Health"
  package static let isIdempotent = true

  package struct Reply: Codable, Sendable, Hashable {
    package var healthy: Bool
    /// How long ago the last turn was completed; absent before the first.
    @ExplicitNull package var turnAgeMilliseconds: Int?
    /// The jobs that run for longer than they may, by name.
    package var overdueJobs: [String]
    /// Why it is not healthy.
    @ExplicitNull package var reason: String?

    package init(healthy: Bool, turnAgeMilliseconds: Int?, overdueJobs: [String] = [], reason: String? = nil) {
      self.healthy = healthy
      self.turnAgeMilliseconds = turnAgeMilliseconds
      self.overdueJobs = overdueJobs
      self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
      case healthy
      case turnAgeMilliseconds = "turn_age_milliseconds"
      case overdueJobs = "overdue_jobs"
      case reason
    }
  }

  package init() {}
}
