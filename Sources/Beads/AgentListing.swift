// SPDX-License-Identifier: Apache-2.0

import Town

/// One database of a town's beads.
package struct BeadDatabase: Sendable, Hashable {
  /// What a person calls it: its path relative to the town's root, `.` for the town's own.
  package var name: String
  /// Absolute: the `.beads` directory, or the embedded store's file.
  package var path: String

  package init(name: String, path: String) {
    self.name = name
    self.path = path
  }
}

/// What one database holds, or why that is not known.
package struct DatabaseReading: Sendable, Equatable {
  package var database: BeadDatabase
  package var beads: Reading<[Bead]>

  package init(database: BeadDatabase, beads: Reading<[Bead]>) {
    self.database = database
    self.beads = beads
  }
}

/// The agent beads of a whole town, database by database.
package struct AgentListing: Sendable, Equatable {
  /// One entry for each distinct database, the town's own first.
  package var databases: [DatabaseReading]
  /// Which database is responsible for which ids, as it stood at this reading.
  package var routes: BeadRoutes

  package init(databases: [DatabaseReading], routes: BeadRoutes) {
    self.databases = databases
    self.routes = routes
  }

  /// Every bead that was read. An id that two databases hold is there once, as in ``bead(_:)``.
  package var beads: [Bead] {
    var seen: Set<String> = []
    return databases.flatMap { $0.beads.value ?? [] }.compactMap { bead in
      guard seen.insert(bead.id).inserted else { return nil }
      return self.bead(bead.id).value ?? bead
    }
  }

  /// The databases that could not be read, each with the reason.
  package var failures: [(database: BeadDatabase, reason: String)] {
    databases.compactMap { reading in reading.beads.failure.map { (reading.database, $0) } }
  }

  /// One agent's bead: `nil` only where every database that could hold it was read and has none,
  /// unknown where one of those could not be read.
  package func bead(_ id: String) -> Reading<Bead?> {
    let holders = routes.holders(of: id)
    if case .known(let responsible) = holders {
      for reading in databases where responsible.contains(reading.database) {
        guard case .known(let beads) = reading.beads else { continue }
        if let found = beads.first(where: { $0.id == id }) { return .known(found) }
      }
    }
    // Forced into another database, perhaps: better found there than not at all.
    for reading in databases {
      if let found = reading.beads.value?.first(where: { $0.id == id }) { return .known(found) }
    }
    guard case .known(let responsible) = holders else { return holders.map { _ in nil } }
    for database in responsible {
      guard let reading = databases.first(where: { $0.database == database }) else {
        return .unknown("\(database.path) was not read")
      }
      if let reason = reading.beads.failure { return .unknown(reason) }
    }
    return .known(nil)
  }
}
