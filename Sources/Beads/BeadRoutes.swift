// SPDX-License-Identifier: Apache-2.0

import Town

/// Which database of a town is responsible for which beads: a value, read once per operation.
package struct BeadRoutes: Sendable, Hashable {
  /// One line of `routes.jsonl`.
  package struct Route: Sendable, Hashable {
    /// What the ids begin with, `gt-`.
    package var prefix: String
    /// As written: relative to the town's root.
    package var path: String
    /// `nil` where that directory has no database.
    package var database: BeadDatabase?

    package init(prefix: String, path: String, database: BeadDatabase?) {
      self.prefix = prefix
      self.path = path
      self.database = database
    }
  }

  /// The town's own database. It holds the mail, and every bead that no route names.
  package var own: BeadDatabase
  package var routes: [Route]
  /// What could not be understood of the routes. While there is any, a bead that no route names
  /// may live in a database that is not known here.
  package var problems: [String]

  package init(own: BeadDatabase, routes: [Route] = [], problems: [String] = []) {
    self.own = own
    self.routes = routes
    self.problems = problems
  }

  /// Every distinct database that is there, the town's own first.
  package var databases: [BeadDatabase] {
    var seen: Set<String> = [own.path]
    return [own] + routes.compactMap(\.database).filter { seen.insert($0.path).inserted }
  }

  /// The databases that would hold a bead of this id, the likeliest first; unknown where the one
  /// that would is not there, or where the routes cannot be told.
  package func holders(of id: String) -> Reading<[BeadDatabase]> {
    let matching = routes.filter { id.hasPrefix($0.prefix) }
      .sorted { $0.prefix.utf8.count > $1.prefix.utf8.count }
    if let lost = matching.first(where: { $0.database == nil }) {
      return .unknown("routes.jsonl sends '\(lost.prefix)' to '\(lost.path)', where there is no database")
    }
    var seen: Set<String> = []
    let found = matching.compactMap(\.database).filter { seen.insert($0.path).inserted }
    if !found.isEmpty { return .known(found) }
    if let problem = problems.first { return .unknown(problem) }
    return .known([own])
  }
}
