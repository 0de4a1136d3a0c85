// SPDX-License-Identifier: Apache-2.0

@testable import Beads
import Foundation
import GRDB
import Testing
import Town

/// What others can do to the embedded store's files, and what is then known: nothing, with the reason, and soon.
@Suite("The embedded bead store, in bad hands", .timeLimit(.minutes(2)))
struct SQLiteHostileTests {
  private let draft = BeadDraft(type: "task", title: "t", description: "d")

  private func town(agents: Int = 2) async throws -> (town: BeadsTown, store: SQLiteBeadStore) {
    let town = try BeadsTown()
    let store = town.sqliteStore()
    for number in 0..<agents { _ = try await store.createAgent(.polecat(rig: "r", name: "p\(number)")) }
    return (town, store)
  }

  private func path(_ town: BeadsTown, _ suffix: String = "") -> String { town.path("daemon/beads.sqlite\(suffix)") }

  private func failure(_ store: SQLiteBeadStore) async throws -> String? {
    try await store.agents().failures.first?.reason
  }

  /// Changes the database as somebody who has the file may.
  private func tamper(_ town: BeadsTown, _ sql: String) throws {
    let queue = try DatabaseQueue(path: path(town))
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
  }

  // MARK: Files

  @Test("a named pipe in the place of one of SQLite's files is not waited for", arguments: SQLiteFiles.suffixes)
  func pipe(suffix: String) async throws {
    let (town, open) = try await town()
    // Beside a store that is open, and one that is not.
    unlink(path(town, suffix))
    #expect(mkfifo(path(town, suffix), 0o600) == 0)
    for store in [open, town.sqliteStore()] {
      let reason = try #require(try await failure(store))
      #expect(reason.contains("\(path(town, suffix)) is a named pipe"), "\(reason)")
      #expect(await BeadStoreError.code { _ = try await store.create(draft) } == .unreadable)
    }
  }

  @Test("a pipe that is taken away again leaves nothing wrong")
  func pipeGone() async throws {
    let (town, store) = try await town()
    #expect(mkfifo(path(town, "-journal"), 0o600) == 0)
    #expect(try await failure(store) != nil)
    unlink(path(town, "-journal"))
    #expect(try await store.agents().beads.count == 2)
    #expect(try await failure(store) == nil)
  }

  @Test("a symbolic link is not followed, and what is another user's is not opened")
  func links() async throws {
    let (town, store) = try await town()
    for suffix in ["-journal", "-wal", ""] {
      if suffix == "-wal" { unlink(path(town, suffix)) }
      if suffix.isEmpty { rename(path(town), path(town, ".moved")) }
      symlink(path(town, ".moved"), path(town, suffix))
      #expect(try await failure(store)?.contains("\(path(town, suffix)) is a symbolic link") == true)
      unlink(path(town, suffix))
    }
    // SQLite would write its log into a person's file.
    unlink(path(town, "-journal"))
    try town.write("person", "mine")
    link(town.path("person"), path(town, "-journal"))
    #expect(try await failure(store)?.contains("has another name") == true)
    typealias Files = SQLiteFiles
    #expect(Files.objection(mode: S_IFREG | 0o600, owner: 1_000, user: 1_000) == nil)
    #expect(Files.objection(mode: S_IFREG | 0o644, owner: 1_001, user: 1_000)?.contains("uid 1001") == true)
    #expect(Files.objection(mode: S_IFREG | 0o600, owner: 0, user: 1_000) == nil)
    for type in [S_IFLNK, S_IFIFO, S_IFSOCK, S_IFDIR, S_IFCHR, S_IFBLK] {
      #expect(Files.objection(mode: type | 0o600, owner: 1_000, user: 1_000) != nil)
    }
  }

  @Test("a database of somebody else's is not even turned to WAL")
  func foreign() async throws {
    let town = try BeadsTown()
    try town.makeDirectory("daemon")
    try tamper(town, "CREATE TABLE issues (id TEXT)")
    let before = try Data(contentsOf: URL(filePath: path(town)))
    #expect(try await failure(town.sqliteStore())?.contains("not a bead store") == true)
    #expect(try Data(contentsOf: URL(filePath: path(town))) == before && !town.exists("daemon/beads.sqlite-wal"))
  }

  // MARK: The schema

  @Test("an endless view in the place of a table is not read, and is over when it is gone")
  func endlessView() async throws {
    let (town, store) = try await town()
    try tamper(
      town,
      """
      ALTER TABLE beads RENAME TO kept;
      CREATE VIEW beads AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT i AS number, 'gt-' || i AS id, '' AS title, '' AS description, 'open' AS status, 'agent' AS type,
          '' AS assignee, 2 AS priority, 0 AS ephemeral, '' AS author, 0 AS created_at, 0 AS updated_at FROM n;
      """)
    for store in [store, town.sqliteStore()] {
      let reason = try #require(try await failure(store))
      #expect(
        reason.contains(path(town)) && reason.contains("the view 'beads'") && reason.contains("foreign objects"),
        "\(reason)")
    }
    try tamper(town, "DROP VIEW beads; ALTER TABLE kept RENAME TO beads;")
    #expect(try await store.agents().beads.count == 2)
    #expect(try await failure(store) == nil)
  }

  @Test(
    "what is not the table that was made is not read, nor what hangs on it",
    arguments: [
      ("CREATE TRIGGER t AFTER UPDATE ON beads BEGIN DELETE FROM labels; END", "'t'"),
      ("CREATE INDEX i ON labels (upper(label))", "'i'"),
      ("DROP TABLE labels; CREATE VIRTUAL TABLE labels USING fts5(bead, label)", "'labels"),
      ("DROP TABLE labels", "'labels"), ("DROP INDEX beads_by_type", "'beads_by_type'"),
      ("ALTER TABLE beads ADD COLUMN more TEXT", "'beads'"),
    ])
  func schema(sql: String, name: String) async throws {
    let (town, store) = try await town()
    try tamper(town, sql)
    let reason = try #require(try await failure(store))
    #expect(reason.contains(name) && reason.contains("is not read"), "\(reason)")
    #expect(await BeadStoreError.code { _ = try await store.create(draft) } == .unreadable)
  }

  @Test("tables of a person's own beside ours, and ANALYZE, are no matter")
  func ownTables() async throws {
    let (town, store) = try await town()
    try tamper(town, "CREATE TABLE notes (text); CREATE VIEW agents AS SELECT id FROM beads; ANALYZE;")
    #expect(try await store.agents().beads.count == 2)
    #expect(try await failure(store) == nil)
  }

  // MARK: Amounts

  @Test("a bead that is too large is named by its id and number, and the others are known")
  func largeBead() async throws {
    let (town, store) = try await town()
    try tamper(town, "UPDATE beads SET description = hex(zeroblob(10000000)) WHERE id = 'gt-r-polecat-p1'")
    let reason = try #require(try await failure(store))
    #expect(reason.contains("gt-r-polecat-p1") && reason.contains("WHERE number = 2"), "\(reason)")
    let answers = try await store.beads(["gt-r-polecat-p0", "gt-r-polecat-p1", "gt-none"])
    #expect(answers["gt-r-polecat-p0"]?.value??.id == "gt-r-polecat-p0" && answers["gt-none"] == .known(nil))
    #expect(answers["gt-r-polecat-p1"]?.failure?.contains("larger than") == true)
    // The way out that was named works.
    try tamper(town, "DELETE FROM beads WHERE number = 2")
    #expect(try await store.agents().beads.map(\.id) == ["gt-r-polecat-p0"])
    // Its id may be what is too large.
    try tamper(town, "UPDATE beads SET id = hex(zeroblob(10000000))")
    #expect(try await failure(store)?.contains("the bead of number 1") == true)
  }

  @Test("beads are read up to so many bytes and so many rows, and no further")
  func sums() async throws {
    let (town, _) = try await town(agents: 4)
    try tamper(town, "UPDATE beads SET description = hex(zeroblob(number * 100))")
    func store(bytes: Int = 1 << 20, rows: Int = 100) -> SQLiteBeadStore {
      SQLiteBeadStore(path: path(town), limits: SQLiteLimits(bytes: bytes, rows: rows))
    }
    #expect(try await store().agents().beads.count == 4)
    let sum = try #require(try await failure(store(bytes: 1_700)))
    #expect(sum.contains("1700 bytes") && sum.contains("gt-r-polecat-p3"), "\(sum)")
    #expect(try await failure(store(rows: 4)) == nil)
    #expect(try await failure(store(rows: 3))?.contains("more than 3") == true)
    #expect(await BeadStoreError.code { _ = try await store(bytes: 1_000).messages(for: "deacon/") } == nil)
  }

  @Test("a write of more than is read is refused")
  func largeWrite() async throws {
    let (town, _) = try await town()
    let store = SQLiteBeadStore(path: path(town), limits: SQLiteLimits(bytes: 100_000))
    let draft = BeadDraft(type: "task", title: "t", description: String(repeating: "x", count: 200_000))
    #expect(await BeadStoreError.code { _ = try await store.create(draft) } == .refused)
    let change = BeadChange(description: draft.description)
    #expect(await BeadStoreError.code { _ = try await store.update("gt-r-polecat-p0", change) } == .refused)
    let reason = draft.description
    #expect(await BeadStoreError.code { _ = try await store.close("gt-r-polecat-p0", reason: reason) } == .refused)
    #expect(try await store.beads([draft.description])[draft.description] == .known(nil))
    #expect(try await failure(store) == nil)
  }

  @Test("reading ends after so many steps")
  func steps() async throws {
    let (town, _) = try await town(agents: 200)
    let store = SQLiteBeadStore(path: path(town), limits: SQLiteLimits(steps: 1_000))
    #expect(try await failure(store)?.contains("too much work") == true)
    #expect(try await town.sqliteStore().agents().beads.count == 200)
  }

  @Test("a value of another type is said of its bead, and ends nothing")
  func types() async throws {
    for (column, value) in [("created_at", "'soon'"), ("priority", "2.5"), ("description", "x'ff00fe'")] {
      let (town, store) = try await town()
      try tamper(town, "UPDATE beads SET \(column) = \(value) WHERE number = 1")
      let reason = try await failure(store)
      #expect(reason == nil || reason?.contains("'\(column)'") == true)
      if column == "created_at" { #expect(reason?.contains("gt-r-polecat-p0") == true) }
    }
  }

  // MARK: Deadlines

  @Test("what hangs is left behind at the deadline, and counted until it comes back")
  func hanging() async throws {
    let abandoned = Abandoned()
    let limits = SQLiteLimits(deadline: .milliseconds(50))
    let release = DispatchSemaphore(value: 0)
    for _ in 0..<Abandoned.limit {
      await #expect(throws: Late.deadline) {
        try await SQLiteErrand(limits: limits).run(leaving: abandoned) { release.wait() }
      }
    }
    #expect(abandoned.count == Abandoned.limit)
    // No further thread is given up to it.
    await #expect(throws: Late.allHang) { try await SQLiteErrand(limits: limits).run(leaving: abandoned) {} }
    for _ in 0..<Abandoned.limit { release.signal() }
    while abandoned.count > 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(try await SQLiteErrand(limits: SQLiteLimits()).run(leaving: abandoned) { 7 } == 7)
  }

  @Test("an endless query is interrupted at the deadline, and its thread comes back")
  func interrupted() async throws {
    let (town, _) = try await town()
    let limits = SQLiteLimits(deadline: .milliseconds(300), steps: .max)
    let store = SQLiteBeadStore(path: path(town), limits: limits)
    let (ended, announce) = AsyncStream.makeStream(of: Void.self)
    let code = await BeadStoreError.code {
      _ = try await store.read("counting", otherwise: 0) { database in
        defer { announce.finish() }
        return try Int.fetchOne(
          database, sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n") ?? 0
      }
    }
    #expect(code == .deadlineExceeded)
    for await _ in ended {}
    #expect(try await town.sqliteStore().agents().beads.count == 2)
  }

  @Test("one whose caller is cancelled is interrupted")
  func cancelled() async throws {
    let (town, store) = try await town()
    let (begun, announce) = AsyncStream.makeStream(of: Void.self)
    let reading = Task {
      try await store.read("counting", otherwise: 0) { database in
        announce.finish()
        return try Int.fetchOne(
          database, sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n") ?? 0
      }
    }
    for await _ in begun {}
    reading.cancel()
    await #expect(throws: CancellationError.self) { try await reading.value }
    #expect(try await town.sqliteStore().agents().beads.count == 2)
  }
}
