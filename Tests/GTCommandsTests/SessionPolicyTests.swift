// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Processes
import TestSupport
import Testing
import Town
import TownFiles

@Suite("gt session hold, release, reset", .requires(executable: "tmux"), .timeLimit(.minutes(3)))
struct SessionPolicyTests {
  static let agent = "verb-al/deep-fix"

  private struct Check: Decodable {
    struct Session: Decodable {
      var state: String
      var supervision: String
      var reason: String?
      var pid: Int32?
    }
    var sessions: [Session]
  }

  private func check(_ town: MailTown) async throws -> Check.Session {
    let result = try await town.tryGT("session", "check", "--json")
    return try #require(try JSONDecoder().decode(Check.self, from: Data(result.standardOutput)).sessions.first)
  }

  /// Runs `body` beside the town's daemon, with settings of which only the polecat's command matters.
  private func withDaemon(
    polecat: [String], resume: [String] = [], restart: String = "{}", notify: [String] = [],
    _ body: (MailTown) async throws -> Void
  ) async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(tmux: tmux.server) { town in
        func json(_ words: [String]) throws -> String {
          String(decoding: try JSONEncoder().encode(words), as: UTF8.self)
        }
        let others = try json(["sh", "-c", "echo '> '; exec sleep 1000"])
        TestFile.write(
          """
          {"agents": {"default": {"command": \(others)},
           "polecat": {"command": \(try json(polecat)), "resume": \(try json(resume))}},
           "checks": {"disk_free": "1", "memory_pressure": 100}, "restart": \(restart), "notify": \(try json(notify))}
          """, to: town.layout.settings)
        try await town.gt("agent", "set", Self.agent, "--hook", "gt-7", "--state", "working")
        let environment = town.environment
        let daemon = Task {
          try await SystemCommandRunner(environment: environment).run(
            Command(
              builtExecutable("gastown-daemon"), ["--town", town.root], environment: environment,
              workingDirectory: town.root, deadline: .seconds(120)))
        }
        let result: Result<Void, any Error>
        do {
          try await eventually("the daemon") { try await town.tryGT("daemon", "status").succeeded }
          result = .success(try await body(town))
        } catch {
          result = .failure(error)
        }
        daemon.cancel()
        let output = try? await daemon.value
        do { try result.get() } catch { throw NotInTime(description: "\(error)\n\(output?.errors ?? "")") }
      }
    }
  }

  // MARK: Holds, whether or not a daemon runs

  @Test("a hold is written down, seen by check, and taken back")
  func hold() async throws {
    try await MailTown.with { town in
      try await town.gt("agent", "set", Self.agent, "--hook", "gt-7", "--state", "working")
      #expect(
        try await town.gt("session", "hold", "deep-fix", "--reason", "lunch", in: town.directory("gt/verb-al"))
          == "verb-al/deep-fix is held. To release: gt session release verb-al/deep-fix\n")
      let held = try await check(town)
      #expect((held.state, held.supervision) == ("stopped", "held"))
      #expect(held.reason?.hasPrefix("held by ada at ") == true && held.reason?.hasSuffix(": lunch") == true)
      #expect(try await town.gt("session", "hold", Self.agent).hasSuffix(": lunch already\n"))
      #expect(try await town.gt("session", "release", Self.agent) == "verb-al/deep-fix is released\n")
      #expect(try await town.gt("session", "release", Self.agent) == "verb-al/deep-fix is not held\n")
      #expect(try await check(town).supervision == "watched")
    }
  }

  @Test("a rig and the whole town are held and released by themselves")
  func wider() async throws {
    try await MailTown.with { town in
      try await town.gt("session", "hold", "verb-al")
      try await town.gt("session", "hold", "all", "--reason", "a move")
      let names = try Disk.names(in: town.layout.holds)
      #expect(names == ["all", "rig-verb-al"])
      let agent = try await town.gt("session", "release", Self.agent)
      #expect(agent.hasPrefix("verb-al/deep-fix is not held; but the rig verb-al is held by ada at "))
      #expect(agent.hasSuffix("; to release that: gt session release verb-al\n"))
      let rig = try await town.gt("session", "release", "verb-al")
      #expect(rig.hasPrefix("the rig verb-al is released; but the whole town is held by ada at "))
      #expect(try await check(town).supervision == "held")
      #expect(try await town.gt("session", "release", "all") == "the whole town is released\n")
      #expect(try await check(town).supervision == "watched")
      #expect(try await town.tryGT("session", "hold", "nobody").ending == .exited(64))
      let left = try Disk.names(in: town.layout.holds)
      #expect(left.isEmpty)
    }
  }

  @Test("a stop is no hold: it is not released, and a hold beside it does not overwrite it")
  func stop() async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(tmux: tmux.server) { town in
        try await town.gt("session", "stop", Self.agent)
        #expect(try await town.gt("session", "hold", Self.agent).contains("is held"))
        #expect(try await town.gt("session", "release", Self.agent).contains("and is stopped by ada at "))
        let result = try await town.tryGT("session", "release", Self.agent)
        #expect(result.ending == .exited(1) && result.errors.contains("gt session start verb-al/deep-fix"))
        #expect(try await check(town).supervision == "stopped")
      }
    }
  }

  @Test("a held agent that dies stays down, and comes back when it is released")
  func heldByDaemon() async throws {
    try await withDaemon(polecat: ["sh", "-c", "echo '> '; exec sleep 1000"]) { town in
      let first: Int32 = try await eventually("the polecat") { try await check(town).pid }
      try await town.gt("session", "hold", Self.agent)
      #expect(try await check(town).pid == first)
      try await town.run("kill", ["-9", "\(first)"])
      try await eventually("its end") { try await check(town).pid == nil }
      try await town.gt("daemon", "beat")
      let held = try await check(town)
      #expect((held.state, held.supervision) == ("stopped", "held"))
      try await town.gt("session", "release", Self.agent)
      let second: Int32 = try await eventually("the polecat again") { try await check(town).pid }
      #expect(second != first)
    }
  }

  // MARK: Parking and reset

  @Test("a crash loop is parked and told to the person's command, and a reset begins anew")
  func parked() async throws {
    try await withDaemon(
      polecat: ["sh", "-c", "echo no key; exit 3"], restart: #"{"initial": "1ms", "max": "1ms", "loop_count": 3}"#,
      notify: ["sh", "-c", "cat >>told"]
    ) { town in
      func told() -> [Announced] {
        (TestFile.text(town.directory("gt/told")) ?? "").split(separator: "\n").compactMap {
          try? JSONDecoder().decode(Announced.self, from: Data($0.utf8))
        }
      }
      try await eventually("to be parked") { try await check(town).supervision == "parked" }
      let parked = try await check(town)
      #expect(parked.state == "crashed")
      #expect(
        parked.reason?.hasPrefix("exited with status 3, with gt-7 on its hook; parked: 3 crashes within 15m0s") == true)
      let text = try await town.tryGT("session", "check")
      #expect(text.ending == .exited(1) && text.output.contains("to unpark it: gt session reset verb-al/deep-fix"))
      try await eventually("the person's command") { told().count == 1 }
      #expect(
        told()[0] == Announced(event: "agent_parked", town: town.root, agent: Self.agent, rig: "verb-al", pid: nil))
      try await town.gt("daemon", "beat")
      #expect(told().count == 1)
      #expect(
        try await town.gt("session", "reset", Self.agent, "--reason", "mended")
          == "verb-al/deep-fix is no longer parked (3 crashes within 15m0s); if the cause lasts, it will be parked again; "
          + "its crash report: gt session crash verb-al/deep-fix\n")
      try await eventually("to be parked again") { told().count == 2 }
      #expect(
        try await town.gt("mail", "inbox", "--identity", "verb-al/witness").contains("AGENT_PARKED: verb-al/deep-fix"))
    }
  }

  private struct Announced: Decodable, Equatable {
    var event: String
    var town: String
    var agent: String?
    var rig: String?
    var pid: Int32?
  }

  @Test("without a daemon a reset is written down all the same")
  func resetByHand() async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(tmux: tmux.server) { town in
        #expect(try await town.gt("session", "reset", Self.agent) == "verb-al/deep-fix has nothing to reset\n")
        TestFile.write(
          """
          {"version": 1, "agents": {"gt-verb-al-deep-fix": {"backoff": {"attempts": 4,
            "last_attempt": "2026-01-01T00:00:00Z", "parking": {"reason": "crash_loop", "words": "5 crashes",
            "since": "2026-01-01T00:00:00Z"}}, "restarts": 7, "told_not_ready": false}}}
          """, to: town.layout.ledger)
        #expect(try await check(town).supervision == "parked")
        #expect(try await town.gt("session", "reset", Self.agent).contains("is no longer parked (5 crashes)"))
        #expect(try await check(town).supervision == "watched")
        let ledger = try TownRecords(layout: town.layout).ledger()
        #expect(ledger.agents["gt-verb-al-deep-fix"]?.restarts == 7)
      }
    }
  }

  @Test("a command that does not exist is said, and the agent is started when it is there")
  func missingCommand() async throws {
    try await withDaemon(polecat: ["late-agent"]) { town in
      // A package manager may be about to replace it: nobody is parked for half a minute.
      for _ in 0..<3 { try await town.gt("daemon", "beat") }
      #expect(try await town.gt("daemon", "explain").contains("its command 'late-agent' is not there"))
      #expect(try await check(town).state != "alive")
      TestFile.write("#!/bin/sh\necho '> '\nexec sleep 1000\n", to: town.directory("bin/late-agent"), mode: 0o755)
      try await town.gt("daemon", "beat")
      let found = try await check(town)
      #expect((found.state, found.supervision) == ("alive", "watched"))
    }
  }

  @Test("a restart resumes once; where that dies at once the plain command is used")
  func resume() async throws {
    let script = #"echo "$#:$*" >>"$GT_TOWN_ROOT/args"; [ $# -eq 0 ] || exit 1; echo '> '; exec sleep 1000"#
    try await withDaemon(
      polecat: ["sh", "-c", script, "agent"], resume: ["--continue", "a b"],
      restart: #"{"initial": "1ms", "max": "1ms"}"#
    ) { town in
      let first: Int32 = try await eventually("the polecat") { try await check(town).pid }
      let args = town.directory("gt/args")
      // Killed before it has written, it would be missing below.
      try await eventually("its first words") { TestFile.text(args) == "0:\n" }
      try await town.run("kill", ["-9", "\(first)"])
      try await eventually("three starts") { TestFile.text(args)?.split(separator: "\n").count == 3 }
      #expect(TestFile.text(args) == "0:\n2:--continue a b\n0:\n")
      try await eventually("the polecat again") { try await check(town).state == "alive" }
    }
  }
}
