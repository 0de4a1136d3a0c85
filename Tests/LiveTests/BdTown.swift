// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Foundation
import Logging
import Processes
import Supervision
import Synchronization
import TestSupport
import Town
import TownFiles

/// A town with real agents whose beads are kept by the stand-in for `bd`, found on the town's `PATH`.
struct BdTown: Sendable {
  /// A bead as the stand-in keeps it, as far as tests look at it.
  struct StoredBead: Codable, Equatable {
    var id: String
    var title: String
    var description = ""
    var status = "open"
    var priority = 2
    var type: String
    var assignee = ""
    var createdAt: String
    var createdBy = "peer"
    var updatedAt: String
    var labels: [String] = []
    var ephemeral = false
  }

  private struct Database: Codable {
    var prefix: String
    var beads: [StoredBead]
  }

  let town: LiveTownFixture
  let store: any BeadStore
  let events = LoggedEvents()

  var root: String { town.layout.root }
  /// Where `bd` is found.
  var bd: String { town.directory("bin/bd") }

  /// - Parameters:
  ///   - databases: by directory, relative to the root: the prefix and the beads.
  ///   - routes: the text of `routes.jsonl`, where there is one.
  ///   - isInstalled: whether there is a `bd` when the store is opened.
  ///   - deadline: for each run of `bd`.
  ///   - interceptor: is called with each command of the store before it is run.
  init(
    _ town: LiveTownFixture, databases: [String: (prefix: String, beads: [StoredBead])], routes: String? = nil,
    isInstalled: Bool = true, deadline: Duration = .seconds(60),
    interceptor: (@Sendable (Command) async throws -> Void)? = nil
  ) throws {
    self.town = town
    let root = town.layout.root
    for (place, database) in databases {
      try Disk.makeDirectory("\(root)/\(place)/.beads")
      let bytes = try JSONEncoder().encode(Database(prefix: database.prefix, beads: database.beads))
      TestFile.write(String(decoding: bytes, as: UTF8.self), to: "\(root)/\(place)/.beads/stand-in.json")
      TestFile.write("", to: "\(root)/\(place)/.beads/issues.jsonl")
    }
    if let routes { TestFile.write(routes, to: "\(root)/.beads/routes.jsonl") }
    let path = town.environment["PATH"] ?? ""
    store = try BeadStores.open(
      townRoot: root, environment: town.environment,
      runner: InterceptedRunner(runner: town.runner, interceptor: interceptor), deadline: deadline,
      awaitingBd: true, findExecutable: { ExecutableSearch.find($0, path: path) })
    if isInstalled { try bringBdBack() }
  }

  func takeBdAway() { unlink(bd) }

  func bringBdBack() throws {
    try FileManager.default.createSymbolicLink(atPath: bd, withDestinationPath: builtExecutable("bd-stand-in"))
  }

  /// Has the stand-in play another release than 0.41 from now on (Tests/bd-stand-in/Release.swift).
  func play(release: String, in place: String = ".") {
    TestFile.write(release, to: "\(root)/\(place)/.beads/stand-in-version")
  }

  /// Runs `body` beside a supervisor of this town, and stops that afterwards.
  func supervised<Result>(policy: Policy, _ body: (Supervisor) async throws -> Result) async throws -> Result {
    let world = LiveTown(
      layout: town.layout, settings: town.settings, store: .success(store), runner: town.runner,
      environment: town.environment)
    let journal = EventJournal(logger: events.logger, town: root)
    let supervisor = Supervisor(world: world, policy: policy, journal: journal)
    let running = Task { await supervisor.run() }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(supervisor)) } catch { result = .failure(error) }
    await supervisor.stop()
    await running.value
    return try result.get()
  }

  /// The beads of one database, read from its file and not by way of `bd`.
  func beads(in place: String = ".") throws -> [StoredBead] {
    let bytes = TestFile.bytes("\(root)/\(place)/.beads/stand-in.json") ?? []
    return try JSONDecoder().decode(Database.self, from: Data(bytes)).beads
  }

  /// The subjects of a mailbox's messages in one database.
  func subjects(to mailbox: String, in place: String = ".") throws -> [String] {
    try beads(in: place).filter { $0.type == "message" && $0.assignee == mailbox }.map(\.title).sorted()
  }

  /// The command lines that `bd` was given on one database.
  func calls(in place: String = ".") -> [String] {
    (TestFile.text("\(root)/\(place)/.beads/stand-in-calls.log") ?? "").split(separator: "\n").map(String.init)
  }

  /// An agent's bead in the words of the recordings, long unchanged.
  static func agent(_ id: String, role: String, rig: String, state: String, hook: String = "null") -> StoredBead {
    StoredBead(
      id: id, title: id,
      description: """
        \(id)

        role_type: \(role)
        rig: \(rig)
        agent_state: \(state)
        hook_bead: \(hook)
        role_bead: gt-\(role)-role
        cleanup_status: null
        """, type: "agent", createdAt: "2020-11-22T12:02:31.145415166Z", updatedAt: "2020-11-22T12:02:31.145415166Z")
  }

  /// Work that an agent may have on its hook.
  static func task(_ id: String) -> StoredBead {
    StoredBead(
      id: id, title: id, description: "to be done", type: "task", createdAt: "2020-11-22T12:02:31.145415166Z",
      updatedAt: "2020-11-22T12:02:31.145415166Z")
  }

  /// The agents of a recorded list, oldest first, as if they were years old.
  static func recorded(_ name: String) throws -> [StoredBead] {
    struct Printed: Decodable {
      var id, title, description, issue_type, created_at, updated_at: String
    }
    let tests = Disk.parent(of: Disk.parent(of: #filePath))
    guard let text = TestFile.text("\(tests)/BeadsTests/Recordings/\(name).txt"),
      let begin = text.range(of: "--- stdout\n"), let end = text.range(of: "--- stderr")
    else { throw NotInTime(description: "there is no recording \(name)") }
    return try JSONDecoder().decode([Printed].self, from: Data(text[begin.upperBound..<end.lowerBound].utf8))
      .reversed().map {
        StoredBead(
          id: $0.id, title: $0.title, description: $0.description, type: $0.issue_type,
          createdAt: $0.created_at.replacing("2026-", with: "2020-"),
          updatedAt: $0.updated_at.replacing("2026-", with: "2020-"))
      }
  }
}

/// The events that a supervisor has told the journal, and the agents that they are about.
final class LoggedEvents: Sendable {
  private let told = Mutex<[(kind: EventKind, session: String?, reason: String)]>([])

  var logger: Logger { Logger(label: "live") { _ in Handler(events: self) } }

  func count(_ kind: EventKind, _ agent: AgentIdentity? = nil) -> Int {
    told.withLock { $0.count { $0.kind == kind && (agent == nil || $0.session == agent?.session) } }
  }

  func reasons(_ kind: EventKind) -> [String] { told.withLock { $0.filter { $0.kind == kind }.map(\.reason) } }

  private struct Handler: LogHandler {
    let events: LoggedEvents
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = event.metadata ?? [:]
      guard let kind = fields["GT_EVENT"].flatMap({ EventKind(rawValue: "\($0)") }) else { return }
      events.told.withLock {
        $0.append((kind, fields["GT_SESSION"].map { "\($0)" }, fields["GT_REASON"].map { "\($0)" } ?? ""))
      }
    }
  }
}
