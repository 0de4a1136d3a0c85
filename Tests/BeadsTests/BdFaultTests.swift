// SPDX-License-Identifier: Apache-2.0

import Beads
import Foundation
import TestSupport
import Testing
import Town

/// What the store makes of a `bd` that is slow, hangs, is locked, is noisy or prints rubbish: unknown, never
/// absent; and an error that says what was attempted.
@Suite("A bd that misbehaves", .timeLimit(.minutes(3)))
struct BdFaultTests {
  private let toast = AgentIdentity.polecat(rig: "rig01", name: "toast")

  /// What is known after a fault.
  enum Known: Equatable, Sendable {
    case nothing(BeadStoreError.Code)
    /// The list was read, and is empty.
    case empty
  }

  struct Fault: CustomTestStringConvertible, Sendable {
    var name: String
    var faults: String
    /// What comes of a list.
    var list: Known
    /// What the reason holds.
    var reason: String
    var testDescription: String { name }

    static let all = [
      Fault(
        name: "locked", faults: #"{"exit":1,"stderr":"Error: database is locked (5) (SQLITE_BUSY)\n"}"#,
        list: .nothing(.unavailable), reason: "database is locked"),
      Fault(
        name: "locked, by the helper", faults: #"{"exit":1,"stdout":"{\"error\":\"database is locked\"}"}"#,
        list: .nothing(.unavailable), reason: "database is locked"),
      Fault(
        name: "locked, after warnings",
        faults: #"{"exit":1,"noise":"⚠ out of sync\n","stderr":"warning: x\nError: database is locked\n"}"#,
        list: .nothing(.unavailable), reason: "Error: database is locked"),
      Fault(
        name: "rubbish", faults: #"{"stdout":"rubbish \u001b[31mred"}"#, list: .nothing(.unreadable),
        reason: "'rubbish \u{FFFD}[31mred'"),
      Fault(
        name: "cut short", faults: #"{"stdout":"[\n  {\n    \"id\": \"gt-rig01-pol"}"#, list: .nothing(.unreadable),
        reason: "bd did not print a bead list"),
      Fault(
        name: "an object", faults: #"{"stdout":"{}"}"#, list: .nothing(.unreadable),
        reason: "bd did not print a bead list"),
      Fault(
        name: "a bead of nobody's", faults: #"{"stdout":"[{\"id\":\"\",\"status\":\"open\"}]"}"#,
        list: .nothing(.unreadable), reason: "bd did not print a bead list"),
      Fault(
        name: "a flood", faults: #"{"flood":20}"#, list: .nothing(.unreadable), reason: "it printed more than"),
      Fault(
        name: "no word", faults: #"{"exit":3}"#, list: .nothing(.unavailable),
        reason: "bd ended with status 3 and no reason"),
      Fault(
        name: "a signal", faults: #"{"signal":9}"#, list: .nothing(.unavailable), reason: "bd was ended by signal 9"),
      Fault(
        name: "a wrapper that finds no bd",
        faults: #"{"exit":127,"stderr":"/usr/local/bin/bd: line 3: beads: command not found\n"}"#,
        list: .nothing(.unavailable), reason: "command not found"),
      Fault(
        name: "something else that is missing", faults: #"{"exit":1,"stderr":"Error: no beads database found\n"}"#,
        list: .nothing(.unavailable), reason: "no beads database found"),
      Fault(name: "nothing", faults: #"{"stdout":""}"#, list: .nothing(.unreadable), reason: "bd"),
      Fault(name: "an empty line", faults: #"{"stdout":"\n"}"#, list: .nothing(.unreadable), reason: "bd"),
      Fault(name: "[]", faults: #"{"stdout":"[]\n"}"#, list: .empty, reason: ""),
      Fault(name: "null", faults: #"{"stdout":"null\n"}"#, list: .empty, reason: ""),
      Fault(name: "a sentence", faults: #"{"stdout":"No issues found.\n"}"#, list: .empty, reason: ""),
    ]
  }

  @Test("leaves unknown what it was asked", arguments: Fault.all)
  func reading(_ fault: Fault) async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = town.bdStore()
    _ = try await store.createAgent(toast)
    try town.misbehave(fault.faults)

    let listing = try await store.agents()
    switch fault.list {
    case .empty:
      #expect(listing.failures.isEmpty && listing.bead(toast.bead) == .known(nil))
      #expect(try await store.messages(for: "deacon/") == [])
      #expect(try await store.beads([toast.bead, "gt-x"]) == [toast.bead: .known(nil), "gt-x": .known(nil)])
      return
    case .nothing(let code):
      let failure = try #require(listing.failures.first)
      #expect(failure.reason.hasPrefix("listing the beads of \(town.path(".beads")): "), "\(failure.reason)")
      #expect(failure.reason.contains(fault.reason))
      #expect(listing.bead(toast.bead).failure == failure.reason)
      #expect(listing.beads.isEmpty && listing.databases.count == 1)
      let error = await BeadStoreError.thrown { _ = try await store.messages(for: "deacon/") }
      #expect(error?.code == code)
      #expect(error?.attempt == "listing the beads of \(town.path(".beads"))")
      #expect(error?.message.contains(fault.reason) == true, "\(error?.message ?? "")")
    }
    // What `bd show` does not speak of is never known to be missing.
    let alone = try #require(try await store.beads([toast.bead])[toast.bead]?.failure)
    #expect(alone.hasPrefix("reading \(toast.bead) of \(town.path(".beads")): "), "\(alone)")
    #expect(alone.contains(fault.reason), "\(alone)")
    let both = try await store.beads([toast.bead, "gt-x"])
    #expect(both.count == 2 && both.values.allSatisfy { $0.failure != nil })

    // And what cannot be read is not written to.
    let calls = town.calls().count
    for write in writes(toast.bead) {
      let error = await BeadStoreError.thrown { try await write.body(store) }
      #expect(error?.code == .unavailable)
      #expect(error?.attempt == "\(write.attempt) in \(town.path(".beads"))")
      #expect(error?.message.contains(fault.reason) == true, "\(error?.message ?? "")")
    }
    #expect(town.calls().dropFirst(calls).allSatisfy { $0 == "show \(toast.bead) --json" })
    try town.behave()
    #expect(try await store.agents().bead(toast.bead).value??.agentState == .idle)
  }

  @Test(
    "that fails a write leaves the bead as it was, and says so",
    arguments: [
      (#"{"exit":1,"stderr":"Error: database is locked\n"}"#, BeadStoreError.Code.unavailable, "database is locked"),
      (#"{"exit":1,"stdout":"{\"error\":\"database is locked\"}"}"#, .unavailable, "database is locked"),
      (#"{"exit":1,"stderr":"Error: something new\n"}"#, .refused, "something new"),
      (#"{"exit":3}"#, .refused, "status 3"), (#"{"signal":9}"#, .unavailable, "signal 9"),
      (#"{"flood":20}"#, .unreadable, "more than"),
      // Not done, and no word of it: what is read back tells.
      (#"{"stdout":"rubbish"}"#, .refused, ""), (#"{"stdout":""}"#, .refused, ""),
      (#"{"stdout":"null"}"#, .refused, ""),
      (#"{"stderr":"Error updating: out of luck\n"}"#, .refused, "out of luck"),
    ])
  func writing(_ faults: String, _ code: BeadStoreError.Code, _ reason: String) async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = town.bdStore()
    let bead = try await store.createAgent(toast)
    for write in writes(bead.id) {
      try town.misbehave(faults.replacing("{", with: #"{"subcommand":"\#(write.subcommand)","#, maxReplacements: 1))
      let error = await BeadStoreError.thrown { try await write.body(store) }
      #expect(error?.code == code, "\(write.subcommand): \(error.map { "\($0)" } ?? "no error")")
      #expect(error?.attempt == "\(write.attempt) in \(town.path(".beads"))")
      #expect(reason.isEmpty || error?.message.contains(reason) == true)
      try town.behave()
      #expect(try await store.beads([bead.id]) == [bead.id: .known(bead)])
    }
    try town.misbehave(faults.replacing("{", with: #"{"subcommand":"create","#, maxReplacements: 1))
    let error = await BeadStoreError.thrown {
      _ = try await store.create(BeadDraft(id: "gt-x", type: "task", title: "t"))
    }
    #expect(error?.code == code)
    #expect(error?.attempt == "creating gt-x in \(town.path(".beads"))")
    // The id of a bead that chooses its own is in what bd prints.
    let unnamed = await BeadStoreError.code { _ = try await store.create(BeadDraft(type: "task", title: "t")) }
    let isPrinted = code == .refused && (reason.isEmpty || reason == "out of luck")
    #expect(unnamed == (isPrinted ? .unreadable : code))
    try town.behave()
    #expect(try await store.beads(["gt-x"]) == ["gt-x": .known(nil)])
  }

  @Test(
    "after a write leaves it open whether it was done",
    arguments: [
      #"{"exit":1,"stderr":"Error: database is locked\n"}"#, #"{"stdout":"rubbish"}"#, #"{"stdout":""}"#,
      #"{"signal":9}"#,
    ])
  func readingBack(_ faults: String) async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = town.bdStore()
    let bead = try await store.createAgent(toast)
    for write in writes(bead.id) {
      let shows = town.calls().count { $0.hasPrefix("show ") }
      try town.misbehave(
        faults.replacing("{", with: #"{"subcommand":"show","skip":\#(shows + 1),"#, maxReplacements: 1))
      let error = await BeadStoreError.thrown { try await write.body(store) }
      #expect(error?.code == .unreadable, "\(write.subcommand): \(error.map { "\($0)" } ?? "no error")")
      #expect(error?.message.hasPrefix("written, but not read back: ") == true)
      try town.behave()
    }
    // All of it was done.
    let now = try #require(try await store.beads([bead.id])[bead.id]?.value ?? nil)
    #expect(now.status == .closed && now.agentState == .done)
  }

  @Test("that is noisy is understood all the same", arguments: [StoreKind.bd, .helperBd])
  func noisy(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let noise = try ["no-git/01-list-agents", "routed-clobber/02-direct-list-agents-from-town"].map {
      try Recording.named($0).errors
    }
    try town.misbehave(String(decoding: JSONEncoder().encode(["noise": noise.joined()]), as: UTF8.self))
    _ = try await store.createAgent(toast)
    #expect(try await store.setAgent(toast.bead, state: .working, hook: .bead("gt-x")).hookBead == "gt-x")
    #expect(try await store.agents().bead(toast.bead).value??.agentState == .working)
    #expect(try await store.beads([toast.bead])[toast.bead]?.value??.id == toast.bead)
    let missing = try await store.beads([toast.bead, "gt-x"])
    #expect(missing["gt-x"] == .known(nil) && missing[toast.bead]?.value??.id == toast.bead)
    #expect(await BeadStoreError.code { _ = try await store.close("gt-x", reason: "") } == .notFound)
    #expect(try await store.messages(for: "deacon/") == [])
    #expect(try await store.close(toast.bead, reason: "done").status == .closed)
  }

  @Test("that is slow is waited for")
  func slow() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = town.bdStore(deadline: .seconds(60))
    let bead = try await store.createAgent(toast)
    let gate = try Gate(town.path("gate"))
    try town.misbehave(#"{"subcommand":"list","gate":"\#(gate.path)"}"#)
    let reading = Task { try await store.agents() }
    try await gate.open {
      // While it is at work, the bead changes: the answer is that of its end.
      try await town.bd(["update", bead.id, "--description=agent_state: stuck"])
    }
    #expect(try await reading.value.bead(bead.id).value??.agentState == .stuck)
  }

  @Test("that waits for another process's lock is waited for")
  func locked() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = town.bdStore(deadline: .seconds(60))
    let bead = try await store.createAgent(toast)
    let lock = open(town.path(".beads/stand-in.lock"), O_RDWR | O_CLOEXEC)
    defer { close(lock) }
    try #require(flock(lock, LOCK_EX) == 0)
    let writing = Task { try await store.setAgent(bead.id, state: .working, hook: nil) }
    try await eventually("the write") { town.calls().last?.hasPrefix("update ") == true }
    #expect(try await store.beads([bead.id]) == [bead.id: .known(bead)], "it is not done")
    flock(lock, LOCK_UN)
    #expect(try await writing.value.agentState == .working)
  }

  @Test("that hangs is ended at its deadline, and nothing of it is left", arguments: ["list", "show", "update"])
  func hangs(_ subcommand: String) async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let bead = try await town.bdStore().createAgent(toast)
    let file = town.path("pid")
    try town.misbehave(#"{"subcommand":"\#(subcommand)","pid":"\#(file)","hang":true,"stubborn":true}"#)
    let store = town.bdStore(deadline: .seconds(4))
    switch subcommand {
    case "list":
      #expect(try await store.agents().bead(bead.id).failure?.contains("no end after 4.0 seconds") == true)
    case "show":
      #expect(try await store.beads([bead.id])[bead.id]?.failure?.contains("no end after 4.0 seconds") == true)
    default:
      let error = await BeadStoreError.thrown { _ = try await store.setAgent(bead.id, state: .dead, hook: nil) }
      #expect(error?.code == .deadlineExceeded)
      #expect(error?.attempt == "setting the agent fields of '\(bead.id)' in \(town.path(".beads"))")
      #expect(error?.message == "\(BeadsTown.standIn): no end after 4.0 seconds")
    }
    let pid = try #require(Int32(try town.text("pid")))
    #expect(kill(pid, 0) == -1 && errno == ESRCH, "it was ended, and reaped")
    try town.behave()
    #expect(try await store.beads([bead.id]) == [bead.id: .known(bead)])
  }

  @Test(
    "that has deleted a bead keeps its tombstone, which nobody takes for a bead", arguments: [StoreKind.bd, .helperBd])
  func tombstones(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let agent = try await store.createAgent(toast, state: .working, hook: "gt-x")
    let mail = Mail(store: store)
    let message = try await mail.send(from: "overseer", to: "deacon/", subject: "s", body: "b", copies: ["mayor/"])
    try await town.bd(["delete", agent.id, message.id, "--force", "--hard"])
    #expect(try await store.agents().bead(agent.id) == .known(nil))
    #expect(try await store.beads([agent.id])[agent.id]?.value??.status == .tombstone)
    for mailbox in ["deacon/", "mayor/"] { #expect(try await mail.inbox(mailbox) == []) }
    #expect(try await mail.message(message.id).read)
    let calls = town.calls().count
    try await mail.delete(message.id)
    #expect(try await store.close(agent.id, reason: "x").status == .tombstone)
    #expect(town.calls().dropFirst(calls).allSatisfy { $0.hasPrefix("show ") }, "nothing is written")
  }

  /// The writes to a bead that is there.
  private func writes(
    _ id: String
  ) -> [(subcommand: String, attempt: String, body: @Sendable (BdBeadStore) async throws -> Void)] {
    [
      ("update", "changing '\(id)'", { _ = try await $0.update(id, BeadChange(status: .hooked)) }),
      ("update", "setting the agent fields of '\(id)'", { _ = try await $0.setAgent(id, state: .done, hook: nil) }),
      ("close", "closing '\(id)'", { _ = try await $0.close(id, reason: "x") }),
    ]
  }
}
