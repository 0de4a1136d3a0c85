// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Foundation
import Testing
import Town

/// An upgrade takes `bd` away for a while, between two calls or between those of one operation.
@Suite("A bd that disappears", .timeLimit(.minutes(2)))
struct BdGoneTests {
  private let toast = AgentIdentity.polecat(rig: "rig01", name: "toast")

  /// A `bd` in a directory of the town's that can be taken away.
  struct Installed: Sendable {
    let town: BeadsTown
    var path: String { town.path("bin/bd") }

    init() throws {
      town = try BeadsTown()
      try town.makeDatabase()
      try town.makeDirectory("bin")
      try install()
    }

    func install() throws {
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: BeadsTown.standIn)
    }

    func remove() { unlink(path) }

    /// A store that has found `bd` on its `PATH`, as the daemon does.
    func store(runner: (any CommandRunner)? = nil) throws -> any BeadStore {
      var environment = town.environment
      environment["PATH"] = "\(town.path("bin")):/usr/bin:/bin"
      return try BeadStores.open(
        townRoot: town.root, environment: environment, runner: runner ?? town.runner,
        findExecutable: { $0 == "bd" ? path : nil })
    }
  }

  /// Takes `bd` away just before a command is run.
  private struct Remover: CommandRunner {
    let bd: Installed
    let isLast: @Sendable (Command) -> Bool

    @concurrent func run(_ command: Command) async throws -> CommandResult {
      if isLast(command) { bd.remove() }
      return try await bd.town.runner.run(command)
    }
  }

  @Test(
    "between two calls: nothing is known, nothing is written, and all is well when it is back",
    arguments: ["gone", "not executable", "a directory", "half a file"])
  func betweenCalls(_ what: String) async throws {
    let bd = try Installed()
    let store = try bd.store()
    let bead = try await store.createAgent(toast, state: .working, hook: "gt-x")
    let data = try bd.town.text(".beads/stand-in.json")
    bd.remove()
    switch what {
    case "not executable": try bd.town.write("bin/bd", "#!/bin/sh\n")
    case "a directory": try bd.town.makeDirectory("bin/bd")
    case "half a file":
      try bd.town.write("bin/bd", "\u{7F}ELF")
      chmod(bd.path, 0o755)
    default: break
    }

    let listing = try await store.agents()
    #expect(listing.failures.count == 1)
    #expect(listing.failures.first?.reason.contains("\(bd.path): ") == true)
    #expect(listing.bead(toast.bead).failure != nil && listing.bead("gt-mayor").failure != nil)
    let answers = try await store.beads([bead.id, "gt-none"])
    #expect(answers.count == 2 && answers.values.allSatisfy { $0.failure?.contains("\(bd.path): ") == true })
    let operations: [(String, () async throws -> Void)] = [
      ("listing the beads of \(bd.town.path(".beads"))", { _ = try await store.messages(for: "deacon/") }),
      (
        "creating gt-y in \(bd.town.path(".beads"))",
        { _ = try await store.create(BeadDraft(id: "gt-y", type: "task", title: "t")) }
      ),
      (
        "changing '\(bead.id)' in \(bd.town.path(".beads"))",
        { _ = try await store.update(bead.id, BeadChange(status: .hooked)) }
      ),
      (
        "setting the agent fields of '\(bead.id)' in \(bd.town.path(".beads"))",
        { _ = try await store.setAgent(bead.id, state: .dead, hook: nil) }
      ),
      ("closing '\(bead.id)' in \(bd.town.path(".beads"))", { _ = try await store.close(bead.id, reason: "") }),
    ]
    for (attempt, operation) in operations {
      let error = await BeadStoreError.thrown { try await operation() }
      #expect(error?.code == .unavailable && error?.attempt == attempt)
      #expect(error?.message.contains(bd.path) == true)
    }
    #expect(try bd.town.text(".beads/stand-in.json") == data)

    try? FileManager.default.removeItem(atPath: bd.path)
    try bd.install()
    #expect(try await store.agents().bead(bead.id) == .known(bead))
    #expect(try await store.setAgent(bead.id, state: .done, hook: nil).agentState == .done)
  }

  @Test("in the midst of a write: it is not done, or it is not known to be")
  func withinWrite() async throws {
    let bd = try Installed()
    let bead = try await bd.store().createAgent(toast)
    let before = try bd.store(runner: Remover(bd: bd) { $0.arguments.first == "update" })
    let notDone = await BeadStoreError.thrown { _ = try await before.setAgent(bead.id, state: .dead, hook: nil) }
    #expect(notDone?.code == .unavailable && notDone?.message.contains(bd.path) == true)
    try bd.install()
    #expect(try await bd.store().beads([bead.id]) == [bead.id: .known(bead)])

    let log = bd.town
    let after = try bd.store(
      runner: Remover(bd: bd) { $0.arguments.first == "show" && log.calls().last?.hasPrefix("update") == true })
    let unread = await BeadStoreError.thrown { _ = try await after.setAgent(bead.id, state: .dead, hook: nil) }
    #expect(unread?.code == .unreadable)
    #expect(unread?.message.hasPrefix("written, but not read back: ") == true)
    try bd.install()
    #expect(try await bd.store().beads([bead.id])[bead.id]?.value??.agentState == .dead)
  }
}
