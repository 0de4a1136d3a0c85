// SPDX-License-Identifier: Apache-2.0

import Beads
import Foundation
import Logging
import Processes
import Supervision
import TestSupport
import Testing
import Town
import TownFiles

/// Stale agents, GUPP violations and orphaned work, on both stores, with real agents.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(3))) struct LiveDutyTests {
  private let refinery = AgentIdentity.refinery(rig: LiveTownFixture.rig)
  private let toast = LiveTownFixture.toast

  /// As the recordings have it, with a line that is nobody's of ours.
  private static func description(_ id: String, state: String) -> String {
    """
    \(id)

    role_type: polecat
    rig: rig
    agent_state: \(state)
    note: keep "this" & that
    hook_bead: gt-anl
    role_bead: gt-polecat-role
    cleanup_status: null
    """
  }

  /// A few whole beats of the real supervisor, to which a bead is old after a millisecond.
  private func supervise(_ town: LiveTownFixture, _ store: any BeadStore, beats: Int) async throws {
    let world = LiveTown(
      layout: town.layout, settings: town.settings, store: .success(store), runner: town.runner,
      environment: town.environment)
    var policy = Policy()
    policy.stale = .milliseconds(1)
    policy.gupp = .milliseconds(1)
    let journal = EventJournal(logger: Logger(label: "live") { _ in SwiftLogNoOpLogHandler() }, town: town.layout.root)
    let supervisor = Supervisor(world: world, policy: policy, journal: journal)
    let running = Task { await supervisor.run() }
    for _ in 0..<beats { await supervisor.beat() }
    await supervisor.stop()
    await running.value
  }

  private func subjects(_ store: any BeadStore) async throws -> [String] {
    try await Mail(store: store).inbox("\(LiveTownFixture.rig)/witness").map(\.subject).sorted()
  }

  private func add(_ id: String, state: String, to store: any BeadStore) async throws {
    _ = try await store.create(
      BeadDraft(id: id, type: "agent", title: id, description: Self.description(id, state: state)))
  }

  /// - Parameter renaming: gives the polecats the ids of older towns, which no `bd` makes any more.
  private func check(
    _ town: LiveTownFixture, _ store: any BeadStore, renaming: (_ from: String, _ to: String) -> Void
  ) async throws {
    try await town.startServer()
    try Disk.makeDirectory(town.layout.directory(of: toast))
    try await add(refinery.bead, state: "running", to: store)
    for (name, state) in [("toast", "working"), ("ghost", "dead")] {
      try await add("gt-rig-polecat-\(name)", state: state, to: store)
      renaming("gt-rig-polecat-\(name)", "gt-polecat-rig-\(name)")
    }
    let life = try await town.launch()
    for _ in 0..<2 { try await supervise(town, store, beats: 3) }

    guard case .known(let bead?)? = try await store.beads([refinery.bead])[refinery.bead] else {
      Issue.record("the bead is gone")
      return
    }
    #expect(bead.description == Self.description(refinery.bead, state: "dead"))
    let subjects = try await subjects(store)
    let ids = try await store.agents().beads.map(\.id).sorted()
    let ghost = try #require(ids.first { $0.hasSuffix("-ghost") })
    let living = try #require(ids.first { $0.hasSuffix("-toast") })
    #expect(subjects.count == 3, "\(subjects)")
    #expect(subjects.first?.hasPrefix("GUPP_VIOLATION: \(living) stuck for ") == true)
    #expect(
      subjects.dropFirst().sorted()
        == [
          "ORPHANED_WORK: \(ghost) is dead with work on its hook",
          "ORPHANED_WORK: \(refinery.bead) is dead with work on its hook",
        ].sorted())
    #expect(try await town.liveness().life == life, "nobody was harmed")
  }

  @Test func `on the embedded store each is dealt with once`() async throws {
    try await LiveTownFixture.with { town in try await check(town, town.store) { _, _ in } }
  }

  @Test func `in a routed town the database that holds the bead is written to, and no other`() async throws {
    try await LiveTownFixture.with { town in
      let root = town.layout.root
      for (place, prefix) in [(".", "gm"), ("rig01/mayor/rig", "gt")] {
        try Disk.makeDirectory("\(root)/\(place)/.beads")
        TestFile.write(#"{"prefix":"\#(prefix)","beads":[]}"#, to: "\(root)/\(place)/.beads/stand-in.json")
        TestFile.write("", to: "\(root)/\(place)/.beads/issues.jsonl")
      }
      TestFile.write(#"{"prefix":"gt-","path":"rig01/mayor/rig"}"# + "\n", to: "\(root)/.beads/routes.jsonl")
      let store = BdBeadStore(
        townRoot: root, executable: builtExecutable("bd-stand-in"), environment: town.environment,
        runner: SystemCommandRunner(environment: town.environment), deadline: .seconds(60))
      let file = "\(root)/rig01/mayor/rig/.beads/stand-in.json"
      try await check(town, store) { from, to in
        TestFile.write((TestFile.text(file) ?? "").replacing(from, with: to), to: file)
      }
      let own = TestFile.text("\(root)/.beads/stand-in.json") ?? ""
      let rig = TestFile.text(file) ?? ""
      #expect(!own.contains("agent_state") && rig.contains("agent_state: dead"))
      let writes = (TestFile.text("\(root)/rig01/mayor/rig/.beads/stand-in-calls.log") ?? "")
        .split(separator: "\n").filter { $0.contains("update") }
      #expect(writes.count == 1, "\(writes)")
      #expect(try await subjects(store).contains { $0.contains("gt-polecat-rig-toast") }, "by its own id")
    }
  }
}
