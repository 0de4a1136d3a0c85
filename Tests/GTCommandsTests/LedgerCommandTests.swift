// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import TestSupport
import Testing
import Town
import TownFiles

/// What a person is told of a ledger that is missing, or that cannot be read.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct LedgerCommandTests {
  @Test func `a ledger that is missing beside a history is told by a beat and by the doctor`() async throws {
    try await GTTown.with { town in
      let once = ["--once", "--town", town.root]
      let first = try await town.run(builtExecutable("gastown-daemon"), once)
      #expect(first.succeeded && !first.errors.contains("is missing"), "\(first.errors)")
      unlink(town.layout.ledger)
      let entry = HistoryEntry(
        time: Timestamp(seconds: 1), kind: .event, what: "agent_started", reason: "it was to run")
      try HistoryFiles(layout: town.layout).append([entry], to: "gt-deacon")
      let doctor = try await town.run(["doctor"])
      #expect(doctor.output.contains("restarts.json is missing, although the town has a history"), "\(doctor.output)")
      let second = try await town.run(builtExecutable("gastown-daemon"), once)
      #expect((second.output + second.errors).contains("restarts.json is missing, although"), "\(second.errors)")
      #expect(second.succeeded && TestFile.exists(town.layout.ledger))
      let third = try await town.run(builtExecutable("gastown-daemon"), once)
      #expect(!(third.output + third.errors).contains("is missing, although"), "\(third.errors)")
    }
  }

  @Test func `a town whose agents were only added has no history that misses a ledger`() async throws {
    try await GTTown.with { town in
      unlink(town.layout.ledger)
      try await town.gt("polecat", "add", "rig/toast")
      #expect(TestFile.exists("\(town.layout.history)/gt-rig-toast.jsonl"))
      let doctor = try await town.run(["doctor"])
      #expect(!doctor.output.contains("although the town has a history"), "\(doctor.output)")
    }
  }

  @Test(arguments: ["a pipe", "a directory"])
  func `a ledger that is no file keeps a daemon from starting, and both its name and the way out are said`(
    kind: String
  ) async throws {
    try await GTTown.with { town in
      unlink(town.layout.ledger)
      #expect((kind == "a pipe" ? mkfifo(town.layout.ledger, 0o600) : mkdir(town.layout.ledger, 0o700)) == 0)
      let once = ["--once", "--town", town.root]
      let refused = try await town.run(builtExecutable("gastown-daemon"), once)
      #expect(refused.status == 78, "\(refused.ending)")
      #expect(refused.errors.contains("\(town.layout.ledger): it is not a regular file"), "\(refused.errors)")
      let way = "mv \(town.layout.ledger) \(town.layout.ledger).given-up"
      #expect(refused.errors.contains(way), "\(refused.errors)")
      _ = try await town.run("sh", ["-c", way])
      #expect(try await town.run(builtExecutable("gastown-daemon"), once).succeeded)
    }
  }

  @Test func `a daemon/ that others may write to is refused with the way out`() async throws {
    try await GTTown.with { town in
      let place = town.layout.path("daemon")
      chmod(place, 0o777)
      let once = ["--once", "--town", town.root]
      let refused = try await town.run(builtExecutable("gastown-daemon"), once)
      #expect(refused.status == 78, "\(refused.ending)")
      #expect(refused.errors.contains("another user could write what the daemon goes by"), "\(refused.errors)")
      let way = "chmod go-w \(place)"
      #expect(refused.errors.contains(way), "\(refused.errors)")
      let doctor = try await town.run(["doctor"])
      #expect(doctor.output.contains(way), "\(doctor.output)")
      _ = try await town.run("sh", ["-c", way])
      #expect(try await town.run(builtExecutable("gastown-daemon"), once).succeeded)
    }
  }
}
