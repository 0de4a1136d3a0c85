// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Glibc
import Processes
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

@testable import GTCommands

/// `gt doctor` as a person types it, where there is neither a daemon nor a user manager.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct DoctorCommandTests {
  struct Report: Decodable {
    struct Part: Decodable {
      var examination: String
      var findings: [CheckResult]
    }
    struct CheckResult: Decodable {
      var level: String
      var subject: String
      var what: String
      var why: String?
      var remedy: String?
    }
    var town: String
    var worst: String
    var examinations: [Part]

    func all(_ examination: String) -> [CheckResult] {
      examinations.filter { $0.examination == examination }.flatMap(\.findings)
    }
  }

  typealias CheckResult = Report.CheckResult

  private func doctor(_ town: GTTown, status: Int32? = nil, variables: [String: String] = [:]) async throws -> Report {
    let result = try await town.run(["doctor", "--json"], variables: variables)
    #expect(result.errors == "" && (status == nil || result.status == status), "\(result.ending) \(result.output)")
    return try JSONDecoder().decode(Report.self, from: Data(result.standardOutput))
  }

  @Test func `without daemon and manager it says what it cannot see, and changes nothing`() async throws {
    try await GTTown.with { town in
      TestFile.write(#"{"agents": {"default": {"command": ["/bin/sh"]}}}"#, to: town.layout.settings)
      let report = try await doctor(town)
      #expect(report.town == town.root && report.examinations.count == 14)
      #expect(report.all("units").map(\.remedy) == [nil])
      #expect(report.all("control groups").map(\.level) == ["note"])
      #expect(report.all("commands").map(\.level) == ["note"])
      #expect(report.all("tmux servers").map(\.level) == ["note"])
      #expect(report.all("town").last?.remedy == "gastown-daemon --town \(town.root)")
      for part in report.examinations {
        #expect(!part.findings.isEmpty, "\(part.examination)")
        for finding in part.findings { #expect(finding.level == "ok" || finding.why != nil, "\(finding)") }
      }
      // Absent is null, and not left out.
      let text = try await town.run(["doctor", "--json"]).output
      #expect(text.contains(#""remedy" : null"#) && text.contains(#""why" : null"#))
      // No server was started, no unit was written, and nobody holds the town.
      #expect(!TestFile.exists(town.directory("tmux")) && !TestFile.exists(town.directory("home/.config")))
      #expect(!TestFile.exists(town.layout.lock) && !TestFile.exists(town.layout.embeddedStore))
      let plain = try await town.run(["doctor"])
      #expect(plain.status == (report.worst == "broken" ? 2 : 1), "\(plain.output)")
      #expect(plain.output.contains("fix: gastown-daemon --town \(town.root)"))
      #expect(!plain.output.contains("\u{1B}"))
    }
  }

  @Test func `broken settings and a broken registry are named, and the rest is examined all the same`() async throws {
    try await GTTown.with { town in
      TestFile.write(#"{"agnts": {}}"#, to: town.layout.settings)
      TestFile.write("[", to: town.layout.registry)
      let report = try await doctor(town, status: 2)
      let town = report.all("town")
      try #require(town.count >= 2)
      #expect(town[0].level == "broken" && town[0].what.contains("agnts"))
      #expect(town[1].level == "broken" && town[1].what.contains("rigs.json"))
      #expect(report.all("room").count == 2 && report.examinations.count == 14)
      #expect(report.all("tmux servers").last?.what.contains("not examined") == true)
    }
  }

  @Test func `a stranger's session of our name, and the command that ends it`() async throws {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast")
      let words = [
        "-f", "/dev/null", "-L", "other", "new-session", "-d", "-s", "gt-rig-toast", "-c", "/", "sleep", "1000",
      ]
      #expect(try await town.run("tmux", words).succeeded)
      do {
        let seen = try #require(try await doctor(town).all("tmux servers").first { $0.subject == "gt-rig-toast" })
        #expect(seen.level == "warning")
        let remedy = try #require(seen.remedy)
        #expect(try await town.run("sh", ["-c", remedy]).succeeded, "\(remedy)")
        #expect(try await !doctor(town).all("tmux servers").contains { $0.subject == "gt-rig-toast" })
      } catch {
        _ = try? await town.run("tmux", ["-L", "other", "kill-server"])
        throw error
      }
      _ = try? await town.run("tmux", ["-L", "other", "kill-server"])
    }
  }

  /// An optimised build, too: there all but one were once "not asked" (`packaging/check-sources`).
  @Test func `each of several servers is told of by what it has itself`() async throws {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast")
      func begin(_ place: String..., session: String) async throws {
        let words = place + ["new-session", "-d", "-s", session, "-c", "/", "sleep", "1000"]
        #expect(try await town.run("tmux", ["-f", "/dev/null"] + words).succeeded)
      }
      let result: Result<[CheckResult], any Error>
      do {
        try await begin("-S", town.directory("tmux"), session: "gt-rig-nux")
        for name in ["one", "two", "three"] { try await begin("-L", name, session: "gt-rig-\(name)") }
        result = .success(try await doctor(town).all("tmux servers"))
      } catch {
        result = .failure(error)
      }
      _ = try? await town.run("tmux", ["-S", town.directory("tmux"), "kill-server"])
      for name in ["one", "two", "three"] { _ = try? await town.run("tmux", ["-L", name, "kill-server"]) }
      let findings = try result.get()
      #expect(findings.contains { $0.what == "the town's own server answers, with 1 session" }, "\(findings)")
      #expect(!findings.contains { $0.what.contains("does not answer") }, "\(findings)")
      // A session of a name that no agent of the town has is none of our business.
      for name in ["one", "two", "three"] {
        let ours = findings.filter { $0.subject == "gt-rig-\(name)" || $0.subject.hasSuffix("/\(name)") }
        #expect(ours.count == 1, "\(name): \(findings)")
      }
    }
  }

  /// What was the living one's `kill-session`: the agent lives on another server, and its corpse is on the town's own.
  @Test func `no command ends the living agent while a corpse of it lies on the town's own server`() async throws {
    try await withTmuxServer { tmux in
      try await GTTown.with { town in
        try await town.gt("polecat", "add", "rig/toast")
        let own = ["GT_TMUX_SOCKET": "\(tmux.server)"]
        let others = ["-f", "/dev/null", "-L", "other"]
        let session = ["new-session", "-d", "-s", "gt-rig-toast", "-c", "\(town.root)/rig/polecats/toast"]
        #expect(try await town.run("tmux", others + session + ["sleep", "1000"]).succeeded)
        do {
          try await tmux.tmux(session + ["true"])
          try await eventually("a corpse") { try await tmux.client.panes().panes.map(\.isDead) == [true] }
          let findings = try await doctor(town, variables: own).all("tmux servers")
          let seen = try #require(findings.first { $0.subject == "gt-rig-toast" })
          #expect(seen.level == "note" && seen.remedy == "gt session restart rig/polecats/toast", "\(seen)")
          #expect(findings.allSatisfy { $0.remedy?.contains("kill-session") != true }, "\(findings)")

          // A person has split a pane off beside the corpse, and the daemon has adopted the agent where it runs.
          let pid = try #require(
            Int32(
              try await town.run(
                "tmux", ["-L", "other", "display-message", "-p", "-t", "=gt-rig-toast:", "#{pane_pid}"]
              )
              .output.filter(\.isNumber)))
          let identity = try #require(ProcessTable().identity(of: pid))
          var ledger = Ledger()
          ledger.agents["gt-rig-toast"] = AgentRecord()
          ledger.agents["gt-rig-toast"]?.life = ProcessLife(
            boot: ProcessTable().bootID() ?? "", server: ServerIdentity(pid: 1, startedAt: 1), pane: "%0", pid: pid,
            startTime: identity.startTime)
          try TownRecords(layout: town.layout).write(ledger)
          try await tmux.tmux("split-window", "-d", "-t", "=gt-rig-toast:", "sleep", "1000")
          let split = try await doctor(town, variables: own).all("tmux servers")
          let double = try #require(split.first { $0.subject == "gt-rig-toast" })
          #expect(double.level == "warning" && double.remedy == nil, "\(double)")
          #expect(double.why?.contains("pid \(pid)") == true, "\(double)")
        } catch {
          _ = try? await town.run("tmux", ["-L", "other", "kill-server"])
          throw error
        }
        _ = try? await town.run("tmux", ["-L", "other", "kill-server"])
      }
    }
  }

  @Test func `a control-mode client beside agents is named, with the way out`() async throws {
    try await withTmuxServer { tmux in
      try await GTTown.with { town in
        try await town.gt("polecat", "add", "rig/toast")
        try await tmux.tmux("new-session", "-d", "-s", "gt-rig-toast", "sleep 1000")
        let environment = town.environment
        let own = ["GT_TMUX_SOCKET": "\(tmux.server)"]
        let script = "exec sleep 1000 | exec tmux -N -u -C \"$@\" attach-session -t =gt-rig-toast"
        let watcher = Task {
          try await SystemCommandRunner(environment: environment).run(
            Command("sh", ["-c", script, "sh"] + tmux.server.arguments, deadline: .seconds(60)))
        }
        try await eventually("the client") { try await !tmux.client.attachments().clients.isEmpty }
        let seen = try await doctor(town, variables: own).all("tmux").filter { $0.what.contains("control-mode") }
        let version = try await tmux.client.version()
        if TmuxCheck.endsOfControl(version) {
          let remedy = try #require(seen.first?.remedy)
          #expect(seen.map(\.level) == ["warning"])
          #expect(try await town.run("sh", ["-c", remedy]).succeeded, "\(remedy)")
          try await eventually("its end") { try await tmux.client.attachments().clients.isEmpty }
          #expect(try await tmux.client.panes().identity == tmux.identity)
        } else {
          #expect(seen.isEmpty)
        }
        watcher.cancel()
        _ = try? await watcher.value
      }
    }
  }

  @Test(.requires(executable: "git")) func `stale locks go by the command that is given`() async throws {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast")
      let worktree = town.layout.path("rig/polecats/toast")
      try await town.git("init", "-q", ".", in: worktree)
      TestFile.write("", to: "\(worktree)/.git/index.lock")
      TestFile.write("999999999\n", to: town.layout.originalPIDFile)
      #expect(try await doctor(town).all("locks").filter { $0.level == "warning" }.count == 1)
      var times = [timeval(tv_sec: 1_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000, tv_usec: 0)]
      #expect(utimes("\(worktree)/.git/index.lock", &times) == 0)
      let stale = try await doctor(town).all("locks").filter { $0.level == "warning" }
      #expect(stale.count == 2, "\(stale)")
      for finding in stale { #expect(try await town.run("sh", ["-c", finding.remedy ?? "false"]).succeeded) }
      #expect(try await doctor(town).all("locks").map(\.level) == ["ok"])
    }
  }
}
