// SPDX-License-Identifier: Apache-2.0

import Town

/// The last words of an agent, on their way.
struct LastWords: Sendable {
  typealias Readings = [DeathReport.Remains: Reading<CrashCapsule.Words>]

  /// The capsule for which they are read: an agent may die again before all of it is written.
  var capsule: String
  var task: Task<Readings, Never>
}
