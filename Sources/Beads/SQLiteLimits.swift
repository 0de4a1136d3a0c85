// SPDX-License-Identifier: Apache-2.0

/// What one operation on the embedded store may take. The store's file is in a town, so its content may be anything.
struct SQLiteLimits: Sendable {
  /// After this an operation is given up, and nothing is known.
  var deadline: Duration = .seconds(20)
  /// The most that is read of beads, in bytes, and the most that one value may hold: as much as `bd` may print.
  var bytes = BdClient.outputLimit
  /// The most beads that one answer may hold.
  var rows = 50_000
  /// The most steps of SQLite's machine. Listing ten thousand beads takes some two million.
  var steps = 50_000_000
  /// The most steps outside of an operation: opening the file and reading its schema.
  static let stepsOfOpening = 500_000
  /// After how many steps SQLite asks whether to go on.
  static let stride = 1_000
}
