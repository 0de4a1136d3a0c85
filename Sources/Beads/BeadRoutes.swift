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

  /// The one database that would hold a bead of this id. `bd` looks nowhere else.
  package func holder(of id: String) -> Holder {
    let matching = routes.filter { id.hasPrefix($0.prefix) }
    guard let route = matching.max(by: { $0.prefix.utf8.count < $1.prefix.utf8.count }) else {
      return Holder(database: own, doubt: problems.first)
    }
    guard let database = route.database else {
      return Holder(
        database: nil, doubt: "routes.jsonl sends '\(route.prefix)' to '\(route.path)', where there is no database")
    }
    return Holder(database: database, doubt: nil)
  }

  /// Where a bead is to be looked for.
  package struct Holder: Sendable, Hashable {
    /// `nil` where the routes lead to a place that is not there.
    package var database: BeadDatabase?
    /// Why a bead that is not in ``database`` is unknown and not absent; `nil` where it is absent.
    package var doubt: String?
  }
}
