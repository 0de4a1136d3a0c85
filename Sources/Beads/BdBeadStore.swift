// SPDX-License-Identifier: Apache-2.0

package import Commands
package import Town

/// The beads of a town with `.beads`, by way of the `bd` command.
///
/// A town has several databases (see ``BeadRoutes``), and `bd` follows the routes between them for
/// some subcommands only, and for none where `BEADS_DIR` is set in its later versions. So every
/// run names its database, and this store does the routing: reading n beads costs one process for
/// each database that they live in.
package struct BdBeadStore: BeadStore {
  package let name: String
  let client: BdClient
  let knowledge: BdKnowledge
  let memory = BdMemory()
  let townRoot: String

  /// - Parameters:
  ///   - townRoot: absolute.
  ///   - environment: for `bd`, without what is set for each run.
  ///   - deadline: for each run of `bd`; one operation takes up to three runs, one after the other.
  ///   - findExecutable: the absolute path of `bd`; called before each run.
  package init(
    townRoot: String, environment: [String: String], runner: any CommandRunner, deadline: Duration = .seconds(20),
    findExecutable: @escaping @Sendable () -> String?
  ) {
    self.townRoot = townRoot
    name = "bd in \(townRoot)/.beads"
    client = BdClient(environment: environment, runner: runner, deadline: deadline, findExecutable: findExecutable)
    knowledge = BdKnowledge(client: client)
  }

  private init(townRoot: String, client: BdClient) {
    self.townRoot = townRoot
    name = "bd in \(townRoot)/.beads"
    self.client = client
    knowledge = BdKnowledge(client: client)
  }

  /// The same store for a look that starts nothing: no database server either. Each run of `bd` has so much time.
  package func starting(nothingWithin deadline: Duration) -> BdBeadStore {
    var environment = client.environment
    environment["BEADS_DOLT_AUTO_START"] = "0"
    return BdBeadStore(
      townRoot: townRoot,
      client: BdClient(
        exactly: environment, runner: client.runner, deadline: min(deadline, client.deadline),
        findExecutable: client.findExecutable))
  }

  /// - Parameter executable: the absolute path of `bd`.
  package init(
    townRoot: String, executable: String, environment: [String: String], runner: any CommandRunner,
    deadline: Duration = .seconds(20)
  ) {
    self.init(townRoot: townRoot, environment: environment, runner: runner, deadline: deadline) { executable }
  }

  /// The town's databases as they stand now.
  package var routes: BeadRoutes { BdRoutesFile.read(townRoot: townRoot) }

  /// The version of the `bd` that is installed, and where it is.
  @concurrent package func version() async -> String { await knowledge.version(on: routes.own) }

  /// What a person should know of what `bd` has answered: it contradicts itself, or may have cut a list short.
  package var remarks: [String] { memory.remarks }

  @concurrent package func agents() async throws -> AgentListing {
    let routes = routes
    let databases = routes.databases
    let readings = try await withThrowingTaskGroup(of: (Int, Reading<[Bead]>).self) { group in
      for (index, database) in databases.enumerated() {
        group.addTask {
          do {
            let beads = try await list(.agents, on: database).filter { $0.type == "agent" }
            return (index, .known(beads))
          } catch let error as BeadStoreError {
            return (index, .unknown(error.description))
          }
        }
      }
      return try await group.reduce(into: [Int: Reading<[Bead]>]()) { $0[$1.0] = $1.1 }
    }
    return AgentListing(
      databases: databases.enumerated().map { index, database in
        DatabaseReading(
          database: database, beads: readings[index] ?? .unknown("\(database.path) was not read"),
          doubt: doubt(.agents, on: database))
      },
      routes: routes, remarks: memory.remarks)
  }

  @concurrent package func beads(_ ids: [String]) async throws -> [String: Reading<Bead?>] {
    try await locate(ids).mapValues { reading in reading.map { $0?.bead } }
  }

  @concurrent package func messages(for identity: String, copies: Bool) async throws -> [Bead] {
    let own = routes.own
    try BeadRules.checkName(identity, attempt: "reading the mail of \(quotedForDisplay(identity))")
    let copy = "cc:\(identity)"
    async let assigned = list(.mail(to: identity), on: own)
    async let copied = copies ? list(.copies(to: copy), on: own) : []
    var seen: Set<String> = []
    return try await (assigned + copied)
      .filter {
        $0.type == "message" && $0.status == .open && ($0.assignee == identity || copies && $0.labels.contains(copy))
      }
      .filter { seen.insert($0.id).inserted }
      .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }
}
