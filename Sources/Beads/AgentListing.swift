// SPDX-License-Identifier: Apache-2.0

package import Town

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
  /// Why a bead that is not among them may be there all the same; `nil` where it is not there.
  package var doubt: String?

  package init(database: BeadDatabase, beads: Reading<[Bead]>, doubt: String? = nil) {
    self.database = database
    self.beads = beads
    self.doubt = doubt
  }
}

/// The agent beads of a whole town, database by database.
package struct AgentListing: Sendable, Equatable {
  /// One entry for each distinct database, the town's own first.
  package var databases: [DatabaseReading]
  /// Which database is responsible for which ids, as it stood at this reading.
  package var routes: BeadRoutes
  /// What a person should know of what the store has answered, now or before.
  package var remarks: [String]

  package init(databases: [DatabaseReading], routes: BeadRoutes, remarks: [String] = []) {
    self.databases = databases
    self.routes = routes
    self.remarks = remarks
  }

  /// Every bead that was read in the database that its id belongs to.
  ///
  /// What is in another one nothing but a list ever shows, `bd show` and `bd update` least of all, so it counts as no
  /// agent's.
  package var beads: [Bead] {
    databases.flatMap { reading in
      (reading.beads.value ?? []).filter { routes.holder(of: $0.id).database == reading.database }
    }
  }

  /// The databases that could not be read, each with the reason.
  package var failures: [(database: BeadDatabase, reason: String)] {
    databases.compactMap { reading in reading.beads.failure.map { (reading.database, $0) } }
  }

  /// One agent's bead: `nil` only where the database that would hold it was read and has none,
  /// unknown where that one could not be read whole.
  package func bead(_ id: String) -> Reading<Bead?> {
    let holder = routes.holder(of: id)
    guard let database = holder.database else { return .unknown(holder.doubt ?? "no database is known for \(id)") }
    guard let reading = databases.first(where: { $0.database == database }) else {
      return .unknown("\(database.path) was not read")
    }
    return reading.beads.finding(doubt: holder.doubt ?? reading.doubt) { $0.first { $0.id == id } }
  }
}

extension Reading {
  /// What `find` finds in a known value; where it finds nothing and there is a doubt, unknown.
  fileprivate func finding<Found>(doubt: String?, _ find: (Value) -> Found?) -> Reading<Found?> {
    switch self {
    case .unknown(let reason): .unknown(reason)
    case .known(let value):
      if let found = find(value) { .known(found) } else if let doubt { .unknown(doubt) } else { .known(nil) }
    }
  }
}
