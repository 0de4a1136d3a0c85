// SPDX-License-Identifier: Apache-2.0

@testable import Beads
import Foundation
import GRDB
import Testing
import Town

@Suite("The embedded bead store")
struct SQLiteBeadStoreTests {
  private let draft = BeadDraft(type: "task", title: "t", description: "d")

  @Test("makes its file with the first write, for its owner alone")
  func permissions() async throws {
    let town = try BeadsTown()
    let store = town.sqliteStore()
    #expect(try await store.agents().beads == [])
    #expect(!town.exists("daemon"))
    _ = try await store.create(draft)
    #expect(try mode("daemon/beads.sqlite", in: town) == 0o600)
    #expect(try mode("daemon/beads.sqlite-wal", in: town) == 0o600)
    #expect(try mode("daemon", in: town) == 0o700)
  }

  @Test("is shared by stores that write at the same time")
  func twoStores() async throws {
    let town = try BeadsTown()
    let stores = (0..<4).map { _ in town.sqliteStore() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for store in stores {
        for _ in 0..<25 { group.addTask { _ = try await store.create(draft) } }
      }
      try await group.waitForAll()
    }
    let pool = try DatabasePool(path: town.path("daemon/beads.sqlite"))
    #expect(try await pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM beads") } == 100)
    #expect(try await pool.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
  }

  @Test("is made once, however many stores make it at the same time")
  func creation() async throws {
    for _ in 0..<20 {
      let town = try BeadsTown()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<8 {
          let store = town.sqliteStore()
          group.addTask { _ = try await store.createAgent(.polecat(rig: "r", name: "p\(number)")) }
        }
        try await group.waitForAll()
      }
      #expect(try await town.sqliteStore().agents().beads.count == 8)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: town.path("daemon")).allSatisfy { !$0.contains("new") })
    }
  }

  @Test("sees what another store has written")
  func visibility() async throws {
    let town = try BeadsTown()
    let (one, other) = (town.sqliteStore(), town.sqliteStore())
    _ = try await one.createAgent(.deacon)
    #expect(try await other.agents().beads.map(\.id) == ["gt-deacon"])
    _ = try await other.setAgent("gt-deacon", state: .dead, hook: nil)
    #expect(try await one.agents().beads.map(\.agentState) == [.dead])
  }

  @Test("names the file that is not a database, and leaves it alone")
  func corrupt() async throws {
    let town = try BeadsTown()
    try town.write("daemon/beads.sqlite", String(repeating: "rubbish ", count: 1_000))
    let store = town.sqliteStore()
    let reason = try #require(try await store.agents().failures.first?.reason)
    #expect(reason.contains(town.path("daemon/beads.sqlite")))
    #expect(try await store.agents().bead("gt-deacon").failure != nil)
    #expect(try await store.beads(["gt-a"])["gt-a"]?.failure?.contains("beads.sqlite") == true)
    #expect(await BeadStoreError.code { _ = try await store.messages(for: "deacon/") } == .unreadable)
    #expect(await BeadStoreError.code { _ = try await store.create(draft) } == .unreadable)
    #expect(try town.text("daemon/beads.sqlite").hasPrefix("rubbish rubbish"))
    // Mended, it is read again by the same store.
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: town.path("daemon/beads.sqlite\(suffix)"))
    }
    _ = try await store.create(draft)
    #expect(try await store.agents().failures.isEmpty)
  }

  @Test("finds damage in the middle of a file")
  func damaged() async throws {
    let town = try BeadsTown()
    let path = town.path("daemon/beads.sqlite")
    do {
      let store = town.sqliteStore()
      for number in 0..<200 {
        _ = try await store.create(
          BeadDraft(
            id: "gt-r-polecat-p\(number)", type: "agent", title: "t", description: String(repeating: "x", count: 500)))
      }
      let pool = try DatabasePool(path: path)
      _ = try await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
      try pool.close()
    }
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    for index in 4_096..<bytes.count { bytes[index] = 0xAB }
    // Another file in its place, so that no page of the first is remembered.
    try FileManager.default.removeItem(atPath: path)
    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    try Data(bytes).write(to: URL(filePath: path))
    let reason = try #require(try await town.sqliteStore().agents().failures.first?.reason)
    #expect(reason.contains(path))
  }

  @Test("does not touch a database of somebody else's, nor one of a later version")
  func foreign() async throws {
    let town = try BeadsTown()
    try town.makeDirectory("daemon")
    do {
      let queue = try DatabaseQueue(path: town.path("daemon/beads.sqlite"))
      try await queue.write { try $0.execute(sql: "CREATE TABLE issues (id TEXT)") }
      try queue.close()
    }
    let reason = try #require(try await town.sqliteStore().agents().failures.first?.reason)
    #expect(reason.contains("not a bead store"))
    #expect(await BeadStoreError.code { _ = try await town.sqliteStore().create(draft) } == .unreadable)
    let tables = try await DatabaseQueue(path: town.path("daemon/beads.sqlite")).read { database in
      try String.fetchAll(database, sql: "SELECT name FROM sqlite_master")
    }
    #expect(tables == ["issues"])

    let other = try BeadsTown()
    _ = try await other.sqliteStore().create(draft)
    let pool = try DatabasePool(path: other.path("daemon/beads.sqlite"))
    try await pool.write { try $0.execute(sql: "PRAGMA user_version = 1000") }
    let later = try #require(try await other.sqliteStore().agents().failures.first?.reason)
    #expect(later.contains("newer version"))
    #expect(later.contains(other.path("daemon/beads.sqlite")))
  }

  @Test("notices that its file was replaced or removed")
  func replaced() async throws {
    let town = try BeadsTown()
    let store = town.sqliteStore()
    _ = try await store.createAgent(.deacon)
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: town.path("daemon/beads.sqlite\(suffix)"))
    }
    #expect(try await store.agents().beads == [])
    #expect(!town.exists("daemon/beads.sqlite"))
    _ = try await town.sqliteStore().createAgent(.mayor)
    #expect(try await store.agents().beads.map(\.id) == ["gt-mayor"])
  }

  @Test("says where it could not make its file")
  func nowhere() async throws {
    let store = SQLiteBeadStore(path: "/proc/no-such-directory/beads.sqlite")
    #expect(try await store.agents().beads == [])
    do {
      _ = try await store.create(draft)
      Issue.record("a file was made in /proc")
    } catch let error as BeadStoreError {
      #expect(error.code == .unavailable)
      #expect(error.description.contains("/proc/no-such-directory/beads.sqlite"))
    }
    let town = try BeadsTown()
    try town.makeDirectory("daemon/beads.sqlite")
    #expect(try await town.sqliteStore().agents().failures.first?.reason.contains("is not a file") == true)
  }

  @Test(
    "reads a file that may not be written, or says why not", .enabled(if: geteuid() != 0, "root may write anything"))
  func readOnly() async throws {
    let town = try BeadsTown()
    _ = try await town.sqliteStore().create(draft)
    chmod(town.path("daemon/beads.sqlite"), 0o400)
    do {
      _ = try await town.sqliteStore().create(draft)
      Issue.record("a read-only file was written")
    } catch let error as BeadStoreError {
      #expect(error.code == .unavailable)
      #expect(error.description.contains(town.path("daemon/beads.sqlite")))
    }
  }

  @Test("waits for another writer, and gives way to a read meanwhile")
  func locked() async throws {
    let town = try BeadsTown()
    let store = town.sqliteStore()
    let bead = try await store.createAgent(.deacon)
    let other = try DatabasePool(path: town.path("daemon/beads.sqlite"))
    let (begun, announce) = AsyncStream.makeStream(of: Void.self)
    let release = DispatchSemaphore(value: 0)
    let holding = Task {
      try await other.write { database in
        try database.execute(sql: "UPDATE beads SET priority = 1")
        announce.finish()
        release.wait()
      }
    }
    for await _ in begun {}
    let writing = Task { try await store.setAgent(bead.id, state: .working, hook: nil) }
    // The write waits; reading goes on, and does not see what is not finished.
    #expect(try await store.agents().beads == [bead])
    release.signal()
    try await holding.value
    #expect(try await writing.value.priority == 1)
    #expect(try await store.agents().beads.map(\.agentState) == [.working])
  }

  @Test("writes the time that it was given")
  func clock() async throws {
    let town = try BeadsTown()
    let time = Timestamp(nanoseconds: 1_764_000_000_123_456_789)
    let store = SQLiteBeadStore(path: town.path("daemon/beads.sqlite"), now: { time })
    let bead = try await store.create(draft)
    #expect(bead.createdAt == time)
    #expect(try await store.beads([bead.id])[bead.id]?.value??.updatedAt == time)
  }

  @Test("reads more beads at once than SQLite takes arguments")
  func many() async throws {
    let town = try BeadsTown()
    let store = town.sqliteStore()
    let bead = try await store.create(draft)
    let answers = try await store.beads((0..<40_000).map { "gt-none-\($0)" } + [bead.id])
    #expect(answers.count == 40_001)
    #expect(answers[bead.id] == .known(bead))
  }

  private func mode(_ relative: String, in town: BeadsTown) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: town.path(relative))
    return try #require(attributes[.posixPermissions] as? Int)
  }
}
