// SPDX-License-Identifier: Apache-2.0

import Commands
import Control
import CommandSupport
import Glibc
import Processes
import TestSupport
import Testing
import TownFiles

/// What a person is told whose command no daemon answers, and what becomes of the command.
@Suite("A daemon that does not answer", .requires(executable: "tmux"), .timeLimit(.minutes(3)))
struct SilentDaemonTests {
  private func daemon(of town: MailTown) throws -> ProcessIdentity {
    let holder = try #require(TownLock.holder(layout: town.layout))
    return try #require(ProcessTable().identity(of: holder.pid))
  }

  @Test(arguments: [
    ["daemon", "beat"], ["daemon", "lifecycle"], ["daemon", "status"], ["session", "stop", "verb-al/deep-fix"],
    ["session", "start", "verb-al/deep-fix"], ["session", "restart", "verb-al/deep-fix"],
  ])
  func `one that is stopped by a signal is named with the way out, long before the command's own deadline`(
    words: [String]
  ) async throws {
    try await MailTown.withDaemon { town, _ in
      let daemon = try daemon(of: town)
      try Signals.send(SIGSTOP, to: daemon)
      let begin = ContinuousClock.now
      let result = try await town.run("gt", words)
      // The runner's own limit is a minute, and the command's would be two or three.
      #expect(ContinuousClock.now - begin < .seconds(40))
      #expect(result.status == 69, "\(result.ending)")
      #expect(
        result.errors.contains("the daemon (pid \(daemon.pid)) does not answer: its process is stopped")
          && result.errors.contains("kill -CONT \(daemon.pid)"), "\(result.errors)")
      try Signals.send(SIGCONT, to: daemon)
      // A later request is served, and what was given up is not carried out.
      let beat = try await town.run("gt", ["daemon", "beat"])
      #expect(beat.succeeded, "\(beat.errors)")
      #expect(try !TestFile.exists(town.layout.holds) || Disk.names(in: town.layout.holds).isEmpty)
      let history = TestFile.text("\(town.root)/daemon/history/gt-verb-al-deep-fix.jsonl") ?? ""
      #expect(!history.contains("agent_started") && !history.contains("agent_stopped"), "\(history)")
    }
  }

  @Test func `one that is stopped by a signal is ended by gt daemon stop`() async throws {
    try await MailTown.withDaemon { town, _ in
      let daemon = try daemon(of: town)
      try Signals.send(SIGSTOP, to: daemon)
      let result = try await town.run("gt", ["daemon", "stop"])
      #expect(result.succeeded, "\(result.errors)")
      #expect(!ProcessTable().isRunning(daemon))
    }
  }

  @Test func `another program that holds the town's lock is named by every command that asks a daemon`() async throws {
    try await MailTown.with { town in
      let held = town.directory("is-held")
      let environment = town.environment
      let lock = town.layout.lock
      let stranger = Task {
        try await SystemCommandRunner(environment: environment).run(
          Command(
            "flock", ["-n", lock, "sh", "-c", "touch '\(held)'; exec sleep 1000"], environment: environment,
            deadline: .seconds(120)))
      }
      defer { stranger.cancel() }
      try await eventually("the lock") { TestFile.exists(held) }
      for words in [
        ["daemon", "beat"], ["daemon", "lifecycle"], ["session", "stop", "verb-al/deep-fix"],
        ["session", "start", "verb-al/deep-fix"],
      ] {
        let result = try await town.run("gt", words)
        #expect(result.status == 69, "\(words): \(result.ending)")
        #expect(
          result.errors.contains("\(lock): pid ") && result.errors.contains("which is not a gastown-daemon")
            && result.errors.contains("(kill "), "\(words): \(result.errors)")
      }
      let status = try await town.run("gt", ["daemon", "status"])
      #expect(status.status == 3 && status.output.contains("It cannot start: \(lock): pid "), "\(status.output)")
    }
  }

  private static let cases: [(TownLock.Holder?, Character?, DaemonSilence.Cause, String)] = [
    (nil, nil, DaemonSilence.Cause.notRunning, "gt daemon start"),
    (holder("flock", isOurs: false), "S", .stranger(holder("flock", isOurs: false)), "kill 7"),
    (holder("gastown-daemon"), "T", .stopped(holder("gastown-daemon")), "kill -CONT 7"),
    (holder("gastown-daemon"), "t", .stopped(holder("gastown-daemon")), "kill -CONT 7"),
    (holder("gastown-daemon"), "S", .silent(holder("gastown-daemon")), "gt daemon stop"),
    (holder("gt"), "S", .command(holder("gt")), "try again"),
  ]

  @Test(arguments: cases)
  func `its cause is what the lock and the kernel tell`(
    holder: TownLock.Holder?, state: Character?, cause: DaemonSilence.Cause, way: String
  ) {
    let error = ControlError(.deadlineExceeded, method: "m", socketPath: "/s", reason: "no reply")
    let silence = DaemonSilence(error, holder: holder, lock: "/town/daemon/lock") { $0 == 7 ? state : nil }
    #expect(silence.cause == cause && silence.description.contains(way), "\(silence)")
  }

  private static func holder(_ program: String, isOurs: Bool = true) -> TownLock.Holder {
    TownLock.Holder(pid: 7, program: program, isOurs: isOurs)
  }
}
