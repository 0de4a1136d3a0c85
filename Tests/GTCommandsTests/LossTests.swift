// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Glibc
import Processes
import TestSupport
import Testing
import Town
import TownFiles

/// What commands could lose: decisions, registries, deaths, half of an answer.
@Suite("Commands lose nothing", .requires(executable: "tmux"), .timeLimit(.minutes(3)))
struct LossTests {
  static let agent = "verb-al/deep-fix"

  private func withTown(
    polecat: [String] = ["sh", "-c", "echo '> '; exec sleep 1000"], _ body: (MailTown) async throws -> Void
  ) async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(tmux: tmux.server) { town in
        try write(polecat: polecat, in: town)
        try await body(town)
      }
    }
  }

  private func write(polecat: [String], in town: MailTown) throws {
    let command = String(decoding: try JSONEncoder().encode(polecat), as: UTF8.self)
    TestFile.write(#"{"agents": {"polecat": {"command": \#(command)}}}"#, to: town.layout.settings)
  }

  private func pid(in town: MailTown) async throws -> Int32 {
    struct Status: Decodable { var pid: Int32? }
    let result = try await town.tryGT("session", "status", Self.agent, "--json")
    return try #require(try JSONDecoder().decode(Status.self, from: Data(result.standardOutput)).pid)
  }

  @Test func `a town is made neither of an empty word nor within another town`() async throws {
    try await GTTown.with { town in
      for (words, status, text) in [
        (["town", "init", ""], 64, "gt town init ."),
        (["town", "init", "rig/x"], 1, "is within the town \(town.root)"),
        (["town", "init", "new/deep/er"], 1, "is within the town \(town.root)"),
      ] as [([String], Int32, String)] {
        let result = try await town.run(words)
        #expect(result.status == status && result.errors.contains(text), "\(words): \(result.errors)")
      }
      for path in ["rig/x", "new"] { #expect(!TestFile.exists("\(town.root)/\(path)")) }
      #expect(try await town.run(["town", "init", "."]).output.contains("is a town already"))
    }
  }

  @Test func `a registry that is missing beside rigs is no empty registry`() async throws {
    try await GTTown.with(rigs: ["one", "two"]) { town in
      unlink(town.layout.registry)
      let check = try await town.run(["session", "check"])
      #expect(check.status == 69 && check.errors.contains("there are rigs one, two"), "\(check.output)\(check.errors)")
      let added = try await town.gt("rig", "add", "one")
      #expect(added.contains("Not registered, although there are directories of theirs: two"), "\(added)")
      try await town.gt("rig", "add", "two")
      #expect(try await town.run(["session", "check"]).succeeded)
      let names = try RigRegistry(layout: town.layout).rigs().map(\.name)
      #expect(names == ["one", "two"])
    }
  }

  @Test func `a hold and a stop of one agent stay both, each with its reason`() async throws {
    try await withTown { town in
      try await town.gt("session", "start", Self.agent)
      try await town.gt("session", "hold", Self.agent, "--reason", "first")
      for reason in ["second", "third"] { try await town.gt("session", "stop", Self.agent, "--reason", reason) }
      let start = try await town.tryGT("session", "start", Self.agent)
      #expect(start.ending == .exited(1))
      for text in ["held by", ": first", "stopped by", ": second"] {
        #expect(start.errors.contains(text), "\(start.errors)")
      }
      let released = try await town.gt("session", "release", Self.agent)
      #expect(released.contains(": second; to start it: gt session start \(Self.agent)"), "\(released)")
      // The other way round.
      try await town.gt("session", "hold", Self.agent, "--reason", "fourth")
      #expect(try await town.tryGT("session", "start", Self.agent).errors.contains(": fourth"))
      try await town.gt("session", "release", Self.agent)
      #expect(try await town.gt("session", "start", Self.agent).contains("is started"))
    }
  }

  @Test func `a restart whose command is missing leaves the agent alone`() async throws {
    try await withTown { town in
      try await town.gt("session", "start", Self.agent)
      let pid = try await pid(in: town)
      try write(polecat: ["no-such-agent"], in: town)
      let result = try await town.tryGT("session", "restart", Self.agent)
      #expect(
        result.ending == .exited(1) && result.errors.contains("no program no-such-agent on PATH"), "\(result.errors)")
      #expect(try await self.pid(in: town) == pid)
    }
  }

  @Test(arguments: ["start", "restart", "stop"])
  func `a death that a command without a daemon finds has its crash report, and the next daemon tells it`(
    verb: String
  ) async throws {
    try await withTown { town in
      try await town.gt("session", "start", Self.agent)
      let process = try #require(ProcessTable().identity(of: try await pid(in: town)))
      try Signals.send(SIGSEGV, to: process)
      try await ProcessExit.wait(for: process)
      try await town.gt("session", verb, Self.agent)
      let crashes = try await town.gt("session", "crashes")
      #expect(crashes.contains("killed by signal 11"), "\(crashes)")
      #expect(try await town.gt("why", Self.agent).contains("crash_detected"))
      let untold = try TownRecords(layout: town.layout).ledger().untold
      #expect(untold.map(\.kind) == [.crashDetected] && untold.first?.pid == process.pid)
      let beat = try await SystemCommandRunner(environment: town.environment).run(
        Command(
          builtExecutable("gastown-daemon"), ["--once", "--town", town.root], environment: town.environment,
          workingDirectory: town.root, deadline: .seconds(60)))
      #expect(
        (beat.output + beat.errors).contains("\(Self.agent) was killed by signal 11"), "\(beat.output)\(beat.errors)")
    }
  }

  @Test func `an answer that does not arrive is an error`() async throws {
    try await GTTown.with { town in
      for words in ["session check", "session list --json", "--help"] {
        let script = "\(builtExecutable("gt")) \(words) >/dev/full"
        let result = try await town.run("sh", ["-c", script])
        #expect(result.status == 74 && result.errors.contains("the output could not be written"), "\(result.errors)")
        let closed = try await town.run("sh", ["-c", "\(builtExecutable("gt")) \(words) | true"])
        #expect(closed.succeeded && closed.errors.isEmpty, "\(closed.errors)")
      }
    }
  }

  @Test func `settings that have changed since the daemon has read them are told until it reads them again`()
    async throws
  {
    try await MailTown.withDaemon { town, _ in
      #expect(try await town.tryGT("daemon", "settings").errors.isEmpty)
      let text = TestFile.text(town.layout.settings) ?? "{}"
      TestFile.write(text + "\n", to: town.layout.settings)
      let remark = "daemon.json has changed since the daemon has read it"
      #expect(try await town.tryGT("daemon", "settings").errors.contains(remark))
      #expect(try await town.gt("daemon", "status").contains(remark))
      try await town.gt("daemon", "reload")
      #expect(try await town.tryGT("daemon", "settings").errors.isEmpty)
      #expect(!(try await town.gt("daemon", "status")).contains(remark))
    }
  }

  @Test func `parked agents are named by the status and by the doctor`() async throws {
    try await MailTown.withDaemon { town, _ in
      try write(polecat: ["no-such-agent"], in: town)
      try await town.gt("agent", "set", Self.agent, "--hook", "gt-7", "--state", "working")
      try await town.gt("daemon", "reload")
      try await town.gt("daemon", "beat")
      try await eventually("it is parked") {
        try await town.gt("daemon", "status").contains("parked          \(Self.agent): ")
      }
      #expect(try await town.tryGT("doctor").output.contains("\(Self.agent): is parked: "))
    }
  }
}
