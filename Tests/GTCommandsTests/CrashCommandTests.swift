// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import FoundationEssentials
import CommandSupport
import TestSupport
import Testing
import Town
import TownFiles

/// `gt session crashes`, `gt session crash`, `gt why` and `gt daemon explain`, as processes, without a daemon.
@Suite("gt session crashes, session crash, why, daemon explain", .requires(executable: "tmux"))
struct CrashCommandTests {
  private let toast = AgentIdentity.polecat(rig: "rig", name: "toast")

  private func capsule(
    _ seconds: Int64, _ agent: AgentIdentity, _ cause: ExitCause, words: Reading<[String]> = .known(["bye"])
  ) -> CrashCapsule {
    CrashCapsule(
      DeathReport(agent, seenAt: Timestamp(seconds: 1_800_000_000 + seconds), cause: cause, restarts: 1, hook: "gt-x1"),
      words: words.map { CrashCapsule.Words(lines: $0, tmuxVersion: "3.3a") },
      startedAt: Timestamp(seconds: 1_800_000_000 - 60),
      worktree: .known(
        CrashCapsule.Worktree(
          directory: "/t", branch: "polecat/\u{1B}[31mtoast", head: "c0ffee", dirtyFiles: ["a\u{7}b"], dirtyCount: 3,
          readAt: Timestamp(seconds: 1_800_000_000))))
  }

  private struct Crashes: Decodable { var crashes: [CrashCapsule] }

  private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  @Test func `capsules are listed from the newest, of all or of one`() async throws {
    try await GTTown.with { town in
      #expect(try await town.gt("session", "crashes") == "No crashes.\n")
      #expect(try await town.gt("session", "crashes", "--json") == "{\n  \"crashes\" : [\n\n  ]\n}\n")
      try await town.gt("polecat", "add", "rig/toast")
      let shelf = CrashCapsules(layout: town.layout)
      let gone = AgentIdentity.polecat(rig: "rig", name: "gone")
      let all = [
        capsule(1, toast, .exited(status: 3)), capsule(2, .deacon, .signalled(9)), capsule(3, toast, .serverGone),
        capsule(4, gone, .exited(status: 1)),
      ]
      for capsule in all { try shelf.write(capsule) }
      let lines = try await town.gt("session", "crashes").split(separator: "\n")
      try #require(lines.count == 5)
      #expect(lines[0].hasPrefix("ID") && lines[0].contains("WHEN"))
      #expect(
        lines[1].hasPrefix("\(all[3].id) ") && lines[1].contains("rig/gone")
          && lines[4].contains("crash, exit status 3"))
      #expect(lines[3].contains("deacon") && lines[3].contains("killed by signal 9") && lines[3].hasSuffix("bye"))
      // In the reader's time zone, whatever the daemon's is.
      let there = try await town.run(["session", "crashes"], variables: ["TZ": "JST-9"])
      #expect(there.output.contains("2027-01-15 17:00:04"), "\(there.output)")
      // The newest of one agent, by its address.
      let newest = try await town.gt("session", "crash", "rig/toast", "--json")
      #expect(try decode(CrashCapsule.self, newest).id == all[2].id)
      let killed = try await town.gt("session", "crash", "deacon")
      #expect(killed.contains("by        not known: the kernel does not say who sent the signal"), "\(killed)")
      func ids(_ words: String...) async throws -> [String] {
        try decode(
          Crashes.self, try await town.gt("session", words[0], Array(words.dropFirst()), "--json")
        ).crashes.map(\.id)
      }
      #expect(try await ids("crashes") == all.reversed().map(\.id))
      #expect(try await ids("crashes", "rig/toast") == [all[2].id, all[0].id])
      #expect(try await ids("crashes", "deacon") == [all[1].id])
      #expect(try await ids("crashes", "-n", "1") == [all[3].id])
      // One that the town has no longer left what it left.
      #expect(try await ids("crashes", "rig/gone") == [all[3].id])
      #expect(try await town.run(["session", "crashes", "rig/nobody"]).status == 64)
      #expect(try await town.run(["session", "crashes", "-n", "0"]).status == 64)
      // Settings that cannot be used are no obstacle to reading.
      TestFile.write("{", to: town.layout.settings, mode: 0o600)
      #expect(try await ids("crashes").count == 4)
    }
  }

  @Test func `one that cannot be read is named, and the others are shown`() async throws {
    try await GTTown.with { town in
      let shelf = CrashCapsules(layout: town.layout)
      try shelf.write(capsule(1, .deacon, .signalled(9)))
      let broken = capsule(2, .mayor, .signalled(9)).id
      TestFile.write("{}", to: shelf.path(of: broken), mode: 0o600)
      let result = try await town.run(["session", "crashes"])
      #expect(result.status == 0 && result.output.contains("deacon") && result.errors.contains(shelf.path(of: broken)))
      let one = try await town.run(["session", "crash", broken])
      #expect(one.status == 69 && one.errors.contains("not the expected JSON"))
    }
  }

  @Test func `a capsule is shown whole, and harmless to a terminal`() async throws {
    try await GTTown.with { town in
      let shelf = CrashCapsules(layout: town.layout)
      let words = ["trace\u{1B}[2J", "\u{1B}]0;title\u{7}panic: no more"]
      let one = capsule(1, toast, .exited(status: 3), words: .known(words))
      let other = capsule(2, toast, .serverGone, words: .unknown("its tmux server is gone"))
      try shelf.write(one)
      let text = try await town.gt("session", "crash", one.id)
      #expect(!text.contains("\u{1B}") && !text.contains("\u{7}"))
      for part in [
        "rig/toast\n", "crash, exit status 3", "gt-x1", "c0ffee", "and 2 more", "lived     1m1s", "Last words:\n",
        "panic: no more", shelf.path(of: one.id),
      ] {
        #expect(text.contains(part), "\(part) in \(text)")
      }
      #expect(try decode(CrashCapsule.self, try await town.gt("session", "crash", "last", "--json")) == one)
      try shelf.write(other)
      #expect(try await town.gt("session", "crash", "last").contains("No last words: its tmux server is gone"))
      #expect(try await town.gt("session", "crash", String(one.id.prefix(19))).contains("exit status 3"))
    }
  }

  @Test func `an id that is none, or too short, is an error with the way out`() async throws {
    try await GTTown.with { town in
      let none = try await town.run(["session", "crash", "last"])
      #expect(none.status == 1 && none.errors.contains("no capsules in \(town.layout.crashes)"))
      let shelf = CrashCapsules(layout: town.layout)
      for second in 1...5 { try shelf.write(capsule(Int64(second), toast, .signalled(9))) }
      let missing = try await town.run(["session", "crash", "2020"])
      #expect(missing.status == 1 && missing.errors.contains("gt session crashes"))
      let short = try await town.run(["session", "crash", "2027"])
      #expect(short.status == 1 && short.errors.contains("the beginning of 5 capsules"))
      #expect(try await town.run(["session", "crash", "../../mayor/town"]).status == 1)
      #expect(try await town.run(["session", "crash", ""]).status == 1)
    }
  }

  // MARK: Why

  private struct Why: Decodable {
    struct Step: Decodable {
      struct Next: Decodable {
        var what: String
        var at: Timestamp?
      }
      var decision: HistoryEntry
      var next: Next
    }
    var agent: String
    var session: String
    var daemon_running: Bool
    var history: [HistoryEntry]
    var now: [Step]
  }

  @Test func `why tells what was decided, what would be, and what comes next`() async throws {
    try await GTTown.with { town in
      // A command that does not exist would be what comes next.
      TestFile.write(#"{"agents": {"default": {"command": ["sleep", "1000"]}}}"#, to: town.layout.settings)
      try await town.gt("polecat", "add", "rig/toast")
      try await town.gt("agent", "set", "rig/toast", "--state", "working", "--hook", "gt-x1")
      let empty = try await town.gt("why", "rig/toast")
      #expect(empty.contains("added to the town, idle") && empty.contains("session health") == false)
      let entries = (1...30).map {
        HistoryEntry(
          time: Timestamp(seconds: 1_800_000_000 + $0), kind: .event, what: "crash_detected",
          reason: "killed by signal 9 \u{1B}[2J", pid: 77, bead: "gt-x1", capsule: "capsule-\($0)")
      }
      try HistoryFiles(layout: town.layout).append(entries, to: toast.session)
      let text = try await town.gt("why", "rig/toast", "-n", "3")
      let lines = text.split(separator: "\n").map(String.init)
      try #require(lines.count == 6)
      #expect(lines[0] == "rig/toast (gt-rig-toast)" && !text.contains("\u{1B}"))
      #expect(lines[1].contains("capsule capsule-28") && lines[3].contains("[pid 77, hook gt-x1, capsule capsule-30]"))
      #expect(lines[4].contains("now") && lines[4].contains("start") && lines[4].contains("bead says working"))
      #expect(lines[5].contains("next") && lines[5].contains("no daemon runs") && lines[5].contains("it is started"))
      let why = try decode(Why.self, try await town.gt("why", "rig/toast", "--json"))
      #expect(why.agent == "rig/toast" && why.session == toast.session && !why.daemon_running)
      #expect(why.history == Array(entries.suffix(20)) && why.now.map(\.decision.what) == ["start"])
      #expect(why.now[0].next.at == nil && why.now[0].decision.bead == "gt-x1")
      let standing = try await town.run(["why", "toast"], in: town.layout.path("rig"))
      #expect(standing.status == 0)
      #expect(try await town.run(["why", "rig/nobody"]).status == 64)
      #expect(try await town.run(["why", "rig/toast", "-n", "0"]).status == 64)
    }
  }

  @Test func `explain shows the rules that speak of stale agents and of orphaned work`() async throws {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast")
      try await town.gt("agent", "set", "rig/toast", "--state", "dead", "--hook", "gt-x1")
      TestFile.write(#"{"checks": {"stale": "1s"}}"#, to: town.layout.settings, mode: 0o600)
      let store = try town.open().store.get()
      _ = try await store.createAgent(.refinery(rig: "rig"), state: .running, hook: nil)
      let text: String = try await eventually("a bead that is a second old") {
        let text = try await town.gt("daemon", "explain")
        return text.contains("stale agents") ? text : nil
      }
      #expect(
        text.contains("rig/refinery") && text.contains("stale agents") && text.contains("its bead is marked dead"))
      #expect(text.contains("orphaned work") && text.contains("rig/witness: ORPHANED_WORK"))
      // It was only said: nothing was done.
      #expect(try await town.gt("agent", "show", "rig/refinery").contains("running"))
      struct Explained: Decodable {
        struct Agent: Decodable {
          var agent: String
          var steps: [Why.Step]
        }
        var agents: [Agent]
      }
      let agents = try decode(Explained.self, try await town.gt("daemon", "explain", "--json")).agents
      let toast = try #require(agents.first { $0.agent == "rig/toast" })
      #expect(toast.steps.map(\.decision.what) == ["leave", "tell"])
      #expect(Set(agents.map(\.agent)) == ["deacon", "mayor", "rig/witness", "rig/refinery", "rig/toast"])
    }
  }
}

extension GTTown {
  fileprivate func gt(_ noun: String, _ verb: String, _ more: [String], _ flag: String) async throws -> String {
    let result = try await run([noun, verb] + more + [flag])
    guard result.succeeded else { throw NotInTime(description: "gt \(noun) \(verb) \(more): \(result.errors)") }
    return result.output
  }
}
