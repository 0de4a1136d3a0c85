// SPDX-License-Identifier: Apache-2.0

@testable import Beads
import Commands
import Foundation
import Testing
import Town

@Suite("The bead store on bd")
struct BdBeadStoreTests {
  private let toast = AgentIdentity.polecat(rig: "rig01", name: "toast")

  @Test("reads all agents with one process for each database")
  func processes() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    let store = town.bdStore()
    for number in 0..<3 { _ = try await store.createAgent(.polecat(rig: "rig01", name: "p\(number)")) }
    let before = (town.calls().count, town.calls(in: "rig01/mayor/rig").count)
    let listing = try await store.agents()
    #expect(listing.databases.map(\.database.name) == [".", "rig01/mayor/rig"])
    #expect(listing.beads.count == 3)
    #expect(town.calls().count == before.0 + 1)
    #expect(town.calls(in: "rig01/mayor/rig").count == before.1 + 1)
    _ = try await store.beads((0..<3).map { "gt-rig01-polecat-p\($0)" })
    #expect(town.calls().count == before.0 + 1)
    #expect(town.calls(in: "rig01/mayor/rig").count == before.1 + 2)
  }

  @Test("writes to the database that a bead came from")
  func routedWrites() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    let store = town.bdStore()
    _ = try await store.createAgent(toast)
    _ = try await store.setAgent(toast.bead, state: .working, hook: .bead("gt-x1"))
    #expect(try town.text("rig01/mayor/rig/.beads/stand-in.json").contains("agent_state: working"))
    #expect(try !town.text(".beads/stand-in.json").contains("agent_state"))
    // One in the town's database in spite of its prefix is nobody's: bd would not show it either.
    try await town.bd(["create", "--id=gt-deacon", "--type=agent", "--title=t", "--description=d", "--force"])
    let listing = try await store.agents()
    #expect(listing.beads.map(\.id) == [toast.bead])
    #expect(listing.bead("gt-deacon") == .known(nil))
    #expect(try await store.beads(["gt-deacon"]) == ["gt-deacon": .known(nil)])
    #expect(
      await BeadStoreError.code { _ = try await store.setAgent("gt-deacon", state: .dead, hook: nil) } == .notFound)
    // Mail stays with the town.
    _ = try await Mail(store: store).send(from: "overseer", to: "deacon", subject: "s", body: "b")
    #expect(try town.text(".beads/stand-in.json").contains("thread:thread-"))
  }

  @Test("hands bd its environment, its database and its directory")
  func environment() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    let runner = ScriptedRunner { command in
      let environment = try #require(command.environment)
      #expect(environment["BEADS_NO_DAEMON"] == "1")
      #expect(environment["BEADS_DIR"].map { "\(command.workingDirectory ?? "")/.beads" == $0 } == true)
      #expect(environment["KEPT"] == "yes")
      #expect(environment["NOTIFY_SOCKET"] == nil)
      let misleading = environment.keys.filter { $0.hasPrefix("BD_") || $0.hasPrefix("BEADS_") || $0 == "CLAUDE_CODE" }
      #expect(Set(misleading) == ["BEADS_DIR", "BEADS_NO_DAEMON"])
      #expect(command.deadline == .seconds(3))
      #expect(command.executable == "/opt/bd")
      return CommandResult(ending: .exited(0), standardOutput: Array("[]\n".utf8))
    }
    let store = BdBeadStore(
      townRoot: town.root, executable: "/opt/bd",
      environment: [
        "KEPT": "yes", "NOTIFY_SOCKET": "/x", "BEADS_DIR": "/elsewhere", "BEADS_DB": "/elsewhere/x.db",
        "BEADS_NO_DAEMON": "0", "BD_JSON_ENVELOPE": "1", "BD_AGENT_MODE": "1", "BD_ACTOR": "x", "BEADS_DOLT_PORT": "1",
        "CLAUDE_CODE": "1",
      ],
      runner: runner, deadline: .seconds(3))
    #expect(try await store.agents().failures.isEmpty)
  }

  @Test("keeps reading the other databases when one hangs")
  func oneHangs() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    try town.makeDatabase(in: "rig02/mayor/rig", prefix: "r2")
    try town.write(
      ".beads/routes.jsonl",
      #"{"prefix":"gt-","path":"rig01/mayor/rig"}"# + "\n" + #"{"prefix":"r2-","path":"rig02/mayor/rig"}"# + "\n")
    _ = try await town.bdStore().createAgent(toast)
    try town.misbehave(#"{"hang":true,"stubborn":true}"#, in: "rig02/mayor/rig")
    let store = town.bdStore(deadline: .seconds(6))
    let listing = try await store.agents()
    #expect(listing.failures.map(\.database.name) == ["rig02/mayor/rig"])
    #expect(listing.beads.map(\.id) == [toast.bead])
    #expect(listing.bead(toast.bead).value??.id == toast.bead)
    #expect(listing.bead("gt-rig01-witness") == .known(nil))
    #expect(listing.bead("r2-witness").failure != nil)
    let fresh = try await store.beads([toast.bead, "r2-x", "gm-x"])
    #expect(fresh[toast.bead]?.value??.id == toast.bead)
    #expect(fresh["r2-x"]?.failure != nil)
    #expect(fresh["gm-x"] == .known(nil))
  }

  @Test("reports a deadline as one")
  func deadline() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let bead = try await town.bdStore().createAgent(toast)
    try town.misbehave(#"{"hang":true}"#)
    let store = town.bdStore(deadline: .milliseconds(200))
    #expect(await BeadStoreError.code { _ = try await store.messages(for: "deacon/") } == .deadlineExceeded)
    #expect(
      await BeadStoreError.code { _ = try await store.create(BeadDraft(type: "task", title: "t")) } == .deadlineExceeded
    )
    try town.misbehave(#"{"hang":true,"subcommand":"update"}"#)
    let patient = town.bdStore(deadline: .seconds(8))
    #expect(
      await BeadStoreError.code { _ = try await patient.setAgent(bead.id, state: .done, hook: nil) }
        == .deadlineExceeded)
    try town.behave()
    #expect(try await patient.beads([bead.id]) == [bead.id: .known(bead)])
  }

  @Test(
    "takes no misbehaviour for an answer",
    arguments: [
      (#"{"stdout":"rubbish"}"#, BeadStoreError.Code.unreadable), (#"{"stdout":"{}"}"#, .unreadable),
      (#"{"stdout":""}"#, .unreadable), (#"{"stdout":"[{\"title\":\"no id\"}]"}"#, .unreadable),
      (#"{"flood":20}"#, .unreadable), (#"{"exit":1,"stderr":"Error: database is locked\n"}"#, .unavailable),
      (#"{"exit":3}"#, .unavailable), (#"{"signal":9}"#, .unavailable),
      (#"{"exit":1,"stdout":"{\"error\":\"no issue found matching \\\"x\\\"\"}"}"#, .unavailable),
    ])
  func misbehaviour(_ faults: String, _ code: BeadStoreError.Code) async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = town.bdStore()
    try town.misbehave(faults)
    #expect(await BeadStoreError.code { _ = try await store.messages(for: "deacon/") } == code)
    let listing = try await store.agents()
    #expect(listing.failures.count == 1)
    #expect(listing.bead("gt-deacon").failure != nil)
    let failure = await BeadStoreError.code { _ = try await store.create(BeadDraft(type: "task", title: "t")) }
    #expect(failure != nil)
  }

  @Test("knows nothing of beads over which bd stumbles")
  func unknownBeads() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    for faults in [
      #"{"stdout":"rubbish"}"#, #"{"exit":1,"stderr":"Error: database is locked"}"#, #"{"signal":11}"#,
      #"{"stdout":""}"#,
    ] {
      try town.misbehave(faults)
      let answers = try await town.bdStore().beads(["gt-a", "gt-b"])
      #expect(answers.count == 2)
      #expect(answers.values.allSatisfy { $0.failure != nil }, "\(faults)")
    }
  }

  @Test("is told at once that bd is missing")
  func missing() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = BdBeadStore(
      townRoot: town.root, executable: "/nonexistent/bd", environment: town.environment, runner: town.runner)
    #expect(await BeadStoreError.code { _ = try await store.messages(for: "deacon/") } == .unavailable)
    #expect(try await store.agents().failures.first?.reason.contains("/nonexistent/bd") == true)
  }

  @Test("believes what it reads back, not what it is told")
  func silentWrites() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = town.bdStore()
    let bead = try await store.createAgent(toast)
    try town.misbehave(#"{"silent_write":true}"#)
    #expect(
      await BeadStoreError.code { _ = try await store.create(BeadDraft(type: "task", title: "t", description: "d")) }
        == .refused)
    #expect(await BeadStoreError.code { _ = try await store.setAgent(bead.id, state: .done, hook: nil) } == .refused)
    #expect(await BeadStoreError.code { _ = try await store.update(bead.id, BeadChange(status: .hooked)) } == .refused)
    #expect(await BeadStoreError.code { _ = try await store.close(bead.id, reason: "") } == .refused)
  }

  @Test("asks one by one where a missing bead fails the whole call")
  func helperMode() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let helper = try Recording.named("helper-mode/16-show-two-one-missing")
    let known = try Recording.named("direct/13-show-agent")
    let runner = ScriptedRunner { command in
      let ids = command.arguments.filter { $0.hasPrefix("gt-") }
      if ids == ["gt-rig01-polecat-Toast"] {
        return CommandResult(ending: .exited(0), standardOutput: known.outputBytes)
      }
      let answer = ids.count == 1 ? helper.replacing("gt-nope", with: ids[0]) : helper
      return CommandResult(ending: .exited(answer.status), standardOutput: answer.outputBytes)
    }
    let answers = try await town.bdStore(runner: runner).beads([
      "gt-rig01-polecat-Toast", "gt-nope", "gt-1", "gt-2", "gt-3", "gt-4",
    ])
    #expect(answers["gt-rig01-polecat-Toast"]?.value??.id == "gt-rig01-polecat-Toast")
    for id in ["gt-nope", "gt-1", "gt-4"] { #expect(answers[id] == .known(nil)) }
  }

  @Test("keeps the structured slots out of the description")
  func slots() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = town.bdStore()
    _ = try await store.create(BeadDraft(id: toast.bead, type: "agent", title: "t", description: "Toast"))
    try await town.bd(["agent", "state", toast.bead, "stuck"])
    let bead = try await store.setAgent(toast.bead, state: nil, hook: .bead("gt-x1"))
    #expect(bead.description == "Toast\nhook_bead: gt-x1")
    #expect(bead.agentState == .stuck)
    #expect(try await store.setAgent(toast.bead, state: .working, hook: nil).agentState == .working)
  }

  @Test("refuses a text that bd cannot be given")
  func tooLong() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let draft = BeadDraft(type: "task", title: "t", description: String(repeating: "x", count: 130_000))
    #expect(await BeadStoreError.code { _ = try await town.bdStore().create(draft) } == .refused)
    let fits = BeadDraft(type: "task", title: "t", description: String(repeating: "x", count: BeadRules.longestText))
    #expect(try await town.bdStore().create(fits).description.utf8.count == BeadRules.longestText)
  }

  @Test("ends bd when its task is cancelled")
  func cancellation() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    try town.misbehave(#"{"hang":true}"#)
    let store = town.bdStore()
    let task = Task { try await store.agents() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
