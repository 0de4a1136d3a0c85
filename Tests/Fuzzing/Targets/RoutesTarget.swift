// SPDX-License-Identifier: Apache-2.0

import TownFiles

@testable import Beads

extension FuzzTarget {
  /// routes.jsonl, and the redirect beside a database: its first line is the redirect.
  static let routes = FuzzTarget("routes") { input, town in
    var pieces = Pieces(input)
    let redirect = pieces.line()
    let root = town.layout.root
    town.put(redirect, at: "rig/.beads/redirect")
    town.put([], at: "elsewhere/.beads/issues.jsonl")
    town.put(pieces.remainder(), at: ".beads/routes.jsonl")
    let routes = BdRoutesFile.read(townRoot: root)
    try promise("the own database is the town's", routes.own.path, equals: "\(root)/.beads")
    let paths = routes.databases.map(\.path)
    try promise("no database counts twice", Set(paths).count, equals: paths.count)
    for route in routes.routes {
      try promise("a route says something", !route.prefix.isEmpty && !route.path.isEmpty)
      let holder = routes.holder(of: "\(route.prefix)x")
      try promise("a route leads somewhere, or that is said", holder.database != nil || holder.doubt != nil)
    }
    for problem in routes.problems { try promise("a problem can be shown", isInert(problem)) }
  }
}
