// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Foundation
import Supervision
import TestSupport
import Testing
import Town
import TownFiles

/// Whole towns on `bd`, with real agents in a real tmux: one in the routed layout, and one whose `bd` goes away.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(3))) struct BdTownTests {
  private let toast = LiveTownFixture.toast
  private let refinery = AgentIdentity.refinery(rig: LiveTownFixture.rig)

  private let noBd = "no 'bd' was found on PATH ("

  /// To which a bead is old after a millisecond, and which restarts at once.
  private var impatient: Policy {
    var policy = Policy()
    policy.stale = .milliseconds(1)
    policy.gupp = .milliseconds(1)
    policy.restart.stagger = .zero
    return policy
  }

  @Test func `the recorded routed town is found whole, told of in its own mail, and marked where its beads live`()
    async throws
  {
    try await LiveTownFixture.with { town in
      let place = "rig01/mayor/rig"
      try Disk.makeDirectory(town.layout.path(LiveTownFixture.rig))
      for rig in ["rig01", "rig02"] { try RigRegistry(layout: town.layout).add(rig, git: nil, at: town.world.now()) }
      let recorded = try BdTown.recorded("routed/10-direct-list-agents-in-polecat")
      try #require(recorded.count == 6 && recorded.allSatisfy { $0.type == "agent" })
      let stale = AgentIdentity.refinery(rig: "rig01")
      let ghost = AgentIdentity.polecat(rig: "rig02", name: "p0004")
      let more = [
        BdTown.agent(stale.bead, role: "refinery", rig: "rig01", state: "running"),
        BdTown.agent(ghost.bead, role: "polecat", rig: "rig02", state: "dead", hook: "gt-zz1"),
      ]
      let routes = #"{"prefix":"gt-","path":"rig01/mayor/rig"}"# + "\n"
      let bd = try BdTown(
        town, databases: [".": ("gm", []), place: ("gt", recorded + more)], routes: routes)
      let polecats = ["rig01/p0001", "rig01/p0003", "rig02/p0002"].map { address in
        AgentIdentity.polecat(rig: String(address.prefix(5)), name: String(address.suffix(5)))
      }
      for agent in polecats + [ghost] { try Disk.makeDirectory(town.layout.directory(of: agent)) }
      try await town.startServer()

      try await bd.supervised(policy: impatient) { supervisor in
        try await eventually("the recorded polecats are started, and then told of") {
          await supervisor.beat()
          return try bd.subjects(to: "rig01/witness").count == 2 && bd.subjects(to: "rig02/witness").count == 2
            && bd.events.count(.staleAgent, stale) == 1
        }
        // Nothing of it is said, or done, again.
        for _ in 0..<2 { await supervisor.beat() }
      }

      try await eventually("the polecats") { polecats.allSatisfy { town.starts(of: $0) == 1 } }
      #expect(!town.has("starts", of: ghost))
      // The mail is in the town's own database, and only there.
      let mail = try bd.beads()
      #expect(mail.allSatisfy { $0.type == "message" && $0.id.hasPrefix("gm-") && $0.labels.contains("from:daemon") })
      #expect(mail.count == 4, "\(mail.map(\.title))")
      let words = try (bd.subjects(to: "rig01/witness") + bd.subjects(to: "rig02/witness")).map {
        $0.split(separator: " ").prefix(2).joined(separator: " ")
      }
      #expect(
        words == [
          "GUPP_VIOLATION: gt-rig01-polecat-p0001", "GUPP_VIOLATION: gt-rig01-polecat-p0003",
          "GUPP_VIOLATION: gt-rig02-polecat-p0002", "ORPHANED_WORK: gt-rig02-polecat-p0004",
        ])
      for (hook, title) in [("gt-anl", "p0001"), ("gt-oj1", "p0003"), ("gt-yb1", "p0002"), ("gt-zz1", "p0004")] {
        let message = mail.first { $0.title.contains(title) }
        #expect(message?.description.contains("hook_bead: \(hook)\n") == true, "\(title)")
      }
      #expect(try await Mail(store: bd.store).inbox("rig02/witness").count == 2, "it is read from there, too")
      // The mark is in the database that holds the bead: that one line, and nothing else of any bead.
      let agents = try bd.beads(in: place)
      #expect(agents.map(\.id) == (recorded + more).map(\.id))
      for (before, after) in zip(recorded + more, agents) {
        if after.id == stale.bead {
          let dead = before.description.replacing("agent_state: running", with: "agent_state: dead")
          #expect(after.description == dead && after.updatedAt > before.updatedAt)
        } else {
          #expect(after == before)
        }
      }
      let writes = bd.calls(in: place).filter { !$0.hasPrefix("list ") && !$0.hasPrefix("show ") }
      #expect(writes.count == 1 && writes.first?.hasPrefix("update \(stale.bead) ") == true, "\(writes)")
      #expect(bd.calls().allSatisfy { $0.hasPrefix("list ") || $0.hasPrefix("create ") || $0.contains(" gm-") })
      #expect(TestFile.text("\(bd.root)/.beads/routes.jsonl") == routes)
      #expect(bd.events.count(.storeUnavailable) == 0)
    }
  }

  /// One of each kind that something is to be done about.
  private func troubledTown(_ town: LiveTownFixture, isInstalled: Bool = true) throws -> BdTown {
    try Disk.makeDirectory(town.layout.directory(of: toast))
    let rig = LiveTownFixture.rig
    return try BdTown(
      town,
      databases: [
        ".": (
          "gt",
          [
            BdTown.agent(toast.bead, role: "polecat", rig: rig, state: "working", hook: "gt-anl"),
            BdTown.agent(refinery.bead, role: "refinery", rig: rig, state: "running"),
            BdTown.agent("gt-rig-polecat-ghost", role: "polecat", rig: rig, state: "dead", hook: "gt-zz1"),
          ]
        )
      ], isInstalled: isInstalled)
  }

  @Test func `without bd nothing is done that needs beads, and all of it once bd is back`() async throws {
    try await LiveTownFixture.with { town in
      let bd = try troubledTown(town, isInstalled: false)
      let before = try bd.beads()
      try await town.startServer()
      try await bd.supervised(policy: impatient) { supervisor in
        for _ in 0..<3 { await supervisor.beat() }
        let finding = await supervisor.lastFindings().first { $0.session == toast.session }
        #expect(finding?.decision == .unknown && finding?.reason.contains(noBd) == true, "\(finding?.reason ?? "")")
        #expect(!town.has("starts"))
        // The Deacon and the Witnesses need no bead.
        try await eventually("the Deacon") { town.starts(of: .deacon) == 1 }
        let said = bd.events.reasons(.storeUnavailable)
        #expect(said.count == Set(said).count && said.allSatisfy { $0.contains(noBd) }, "\(said)")
        #expect(said.contains { $0.hasPrefix("listing the beads of ") }, "\(said)")
        #expect(try bd.beads() == before && bd.calls().isEmpty)

        try bd.bringBdBack()
        try await eventually("everything that was to be done") {
          await supervisor.beat()
          return try bd.subjects(to: "rig/witness").count == 2 && bd.events.count(.staleAgent, refinery) == 1
        }
      }
      try await eventually("the polecat") { town.starts() == 1 }
      #expect(
        try bd.subjects(to: "rig/witness").map { $0.prefix { $0 != ":" } } == ["GUPP_VIOLATION", "ORPHANED_WORK"])
      #expect(try bd.beads().first { $0.id == refinery.bead }?.description.contains("agent_state: dead") == true)
    }
  }

  /// Waits until the polecat is started, and that is in the journal.
  private func firstLife(_ supervisor: Supervisor, in town: LiveTownFixture, _ bd: BdTown) async throws -> ProcessLife {
    try await eventually("the polecat") {
      await supervisor.beat()
      return town.starts() == 1 && bd.events.count(.agentStarted, toast) == 1
    }
    return try #require(try await town.liveness().life)
  }

  @Test func `a bd that goes away in mid-run costs no agent anything; who dies meanwhile is back when it is`()
    async throws
  {
    try await LiveTownFixture.with { town in
      let bd = try troubledTown(town)
      try await town.startServer()
      try await bd.supervised(policy: Policy()) { supervisor in
        let life = try await firstLife(supervisor, in: town, bd)
        let before = try bd.beads()
        let calls = bd.calls().count

        bd.takeBdAway()
        await supervisor.beat()
        #expect(try await town.liveness().life == life, "who is well is left alone")
        try await town.kill(life)
        try await eventually("its death") {
          let finding = await supervisor.lastFindings().first { $0.session == toast.session }
          return finding?.decision == .unknown && finding?.reason.contains(noBd) == true
        }
        for _ in 0..<2 { await supervisor.beat() }
        #expect(town.starts() == 1, "nobody is started whose bead cannot be read")
        #expect(bd.events.count(.agentRestarted, toast) + bd.events.count(.restartFailed, toast) == 0)
        let said = bd.events.reasons(.storeUnavailable)
        #expect(!said.isEmpty && said.count == Set(said).count && said.allSatisfy { $0.contains(noBd) }, "\(said)")
        #expect(try bd.beads() == before && bd.calls().count == calls)

        try bd.bringBdBack()
        await supervisor.beat()
        try await eventually("its restart") { bd.events.count(.agentRestarted, toast) == 1 && town.starts() == 2 }
        #expect(try await town.liveness().life != life)
      }
      #expect(bd.events.count(.crashDetected, toast) == 1, "its death is told once")
    }
  }

  @Test(arguments: ["0.42", "0.59", "1.0.5"])
  func `on each release of bd who dies at work is back, and a message goes out once`(release: String) async throws {
    try await LiveTownFixture.with { town in
      try Disk.makeDirectory(town.layout.directory(of: toast))
      let rig = LiveTownFixture.rig
      let ghost = AgentIdentity.polecat(rig: rig, name: "ghost")
      let beads = [
        BdTown.agent(toast.bead, role: "polecat", rig: rig, state: "working", hook: "gt-anl"), BdTown.task("gt-anl"),
        BdTown.agent(ghost.bead, role: "polecat", rig: rig, state: "dead", hook: "gt-zz1"), BdTown.task("gt-zz1"),
      ]
      let bd = try BdTown(town, databases: [".": ("gt", beads)])
      bd.play(release: release)
      let told = ["ORPHANED_WORK: \(ghost.bead) is dead with work on its hook"]
      try await town.startServer()
      try await bd.supervised(policy: Policy()) { supervisor in
        let life = try await firstLife(supervisor, in: town, bd)
        try await town.kill(life)
        try await eventually("its restart") { bd.events.count(.agentRestarted, toast) == 1 && town.starts() == 2 }
        try await eventually("the message") { try bd.subjects(to: "rig/witness") == told }
        for _ in 0..<2 { await supervisor.beat() }
        let next = try await town.liveness().life
        #expect(next != nil)
        #expect(next != life)
      }
      #expect(town.starts() == 2)
      #expect(bd.events.count(.crashDetected, toast) == 1)
      #expect(bd.events.count(.orphanedWork, ghost) == 1)
      #expect(try bd.subjects(to: "rig/witness") == told)
      #expect(bd.calls().count { $0.hasPrefix("create ") } == 1, "\(bd.calls())")
      let failures = bd.events.reasons(.storeUnavailable)
      #expect(failures.isEmpty, "\(failures)")
      // Only the releases that know the option are asked for a list that is no tree.
      let lists = bd.calls().filter { $0.hasPrefix("list ") }
      #expect(!lists.isEmpty)
      #expect(lists.allSatisfy { $0.contains(" --flat") == (release != "0.42") }, "\(lists)")
      #expect(try bd.beads().filter { $0.type != "message" } == beads)
    }
  }

  @Test func `a bd that goes away between a death and the last reading before its answer leaves it unanswered`()
    async throws
  {
    try await LiveTownFixture.with { town in
      let rig = LiveTownFixture.rig
      try Disk.makeDirectory(town.layout.directory(of: toast))
      let path = town.directory("bin/bd")
      let bead = BdTown.agent(toast.bead, role: "polecat", rig: rig, state: "working", hook: "gt-anl")
      let bd = try BdTown(town, databases: [".": ("gt", [bead])]) { command in
        // The list is read; the bead, afresh, is not.
        if command.arguments.first == "show" { unlink(path) }
      }
      try await town.startServer()
      let life = try await town.launch()
      try await bd.supervised(policy: Policy()) { supervisor in
        await supervisor.beat()
        try await town.kill(life)
        try await eventually("a death that cannot be answered") {
          let finding = await supervisor.lastFindings().first { $0.session == toast.session }
          return finding?.decision == .unknown && finding?.reason.contains(bd.bd) == true
        }
        #expect(bd.events.count(.crashDetected, toast) == 1)
        #expect(town.starts() == 1)
        #expect(try bd.beads() == [bead])
      }
      #expect(town.starts() == 1)
    }
  }
}
