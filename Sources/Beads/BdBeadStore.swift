// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

/// The beads of a town with `.beads`, by way of the `bd` command.
///
/// A town has several databases (see ``BeadRoutes``), and `bd` follows the routes between them for
/// some subcommands only, and for none where `BEADS_DIR` is set in its later versions. So every
/// run names its database, and this store does the routing: reading n beads costs one process for
/// each database that they live in.
package struct BdBeadStore: BeadStore {
  package let name: String
  let client: BdClient
  let townRoot: String

  /// - Parameters:
  ///   - townRoot: absolute.
  ///   - executable: the absolute path of `bd`.
  ///   - environment: for `bd`, without what is set for each run.
  ///   - deadline: for each run of `bd`; one operation takes up to three runs, one after the other.
  package init(
    townRoot: String, executable: String, environment: [String: String], runner: any CommandRunner,
    deadline: Duration = .seconds(20)
  ) {
    self.townRoot = townRoot
    name = "bd in \(townRoot)/.beads"
    client = BdClient(executable: executable, environment: environment, runner: runner, deadline: deadline)
  }

  /// The town's databases as they stand now.
  package var routes: BeadRoutes { BdRoutesFile.read(townRoot: townRoot) }

  @concurrent package func agents() async throws -> AgentListing {
    let routes = routes
    let databases = routes.databases
    let readings = try await withThrowingTaskGroup(of: (Int, Reading<[Bead]>).self) { group in
      for (index, database) in databases.enumerated() {
        group.addTask {
          do {
            return (index, .known(try await list(["--type=agent"], on: database).filter { $0.type == "agent" }))
          } catch let error as BeadStoreError {
            return (index, .unknown(error.description))
          }
        }
      }
      return try await group.reduce(into: [Int: Reading<[Bead]>]()) { $0[$1.0] = $1.1 }
    }
    return AgentListing(
      databases: databases.enumerated().map { index, database in
        DatabaseReading(database: database, beads: readings[index] ?? .unknown("\(database.path) was not read"))
      },
      routes: routes)
  }

  @concurrent package func beads(_ ids: [String]) async throws -> [String: Reading<Bead?>] {
    try await locate(ids).mapValues { reading in reading.map { $0?.bead } }
  }

  @concurrent package func messages(for identity: String, copies: Bool) async throws -> [Bead] {
    let own = routes.own
    try BeadRules.checkName(identity, attempt: "reading the mail of \(quotedForDisplay(identity))")
    let copy = "cc:\(identity)"
    async let assigned = list(["--type=message", "--assignee=\(identity)", "--status=open"], on: own)
    async let copied = copies ? list(["--type=message", "--label=\(copy)", "--status=open"], on: own) : []
    var seen: Set<String> = []
    return try await (assigned + copied)
      .filter {
        $0.type == "message" && $0.status == .open && ($0.assignee == identity || copies && $0.labels.contains(copy))
      }
      .filter { seen.insert($0.id).inserted }
      .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }

  private func list(_ filters: [String], on database: BeadDatabase) async throws -> [Bead] {
    let attempt = "listing the beads of \(database.path)"
    let result = try await client.run(["list"] + filters + ["--json"], on: database, attempt: attempt)
    guard result.succeeded else {
      let failure = client.failure(result, attempt: attempt)
      throw BeadStoreError(.unavailable, attempt: attempt, message: failure.message)
    }
    do throws(BdOutput.Unreadable) {
      return try BdOutput.beads(result.standardOutput, allowingNothing: false)
    } catch {
      throw BeadStoreError(.unreadable, attempt: attempt, message: error.description)
    }
  }
}
