// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Town

@testable import TownFiles

import Glibc

/// A file that is too large is unreadable, whoever reads it.
@Suite struct FileLimitTests {
  private let agent = AgentIdentity.polecat(rig: "rig", name: "toast")

  /// The file, how large it may be, and whether what reads it can do so.
  private func readers(_ layout: TownLayout) -> [(path: String, limit: Int, reads: () -> Bool)] {
    let records = TownRecords(layout: layout)
    let capsules = CrashCapsules(layout: layout)
    let id = "20261123T181248.123Z-gt-rig-toast"
    func succeeds(_ body: () throws -> Void) -> Bool { (try? body()) != nil }
    return [
      (layout.settings, FileLimit.settings, { succeeds { _ = try SettingsFile.load(layout: layout) } }),
      (layout.settings, FileLimit.settings, { succeeds { try SettingsFile.set("beads", to: "bd", layout: layout) } }),
      (layout.registry, FileLimit.registry, { succeeds { _ = try RigRegistry(layout: layout).rigs() } }),
      (
        layout.path(agent.stateFile), FileLimit.agentState,
        { AgentStateFile(layout: layout).members(of: agent).failure == nil }
      ),
      (
        layout.path(agent.stateFile), FileLimit.agentState,
        { succeeds { try AgentStateFile(layout: layout).clear([.whatever(.cycle)], of: agent) } }
      ),
      ("\(layout.holds)/all", FileLimit.hold, { Holds(layout: layout).hold(on: agent).failure == nil }),
      (layout.pendingSpawns, FileLimit.pendingSpawns, { succeeds { _ = try records.pendingSpawns() } }),
      (layout.state, FileLimit.daemonState, { succeeds { _ = try records.state() } }),
      (layout.activity, FileLimit.daemonState, { records.lastActivity() != nil }),
      (layout.ledger, FileLimit.ledger, { succeeds { _ = try records.ledger() } }),
      (capsules.path(of: id), FileLimit.capsule, { succeeds { _ = try capsules.read(id) } }),
      (
        layout.originalPIDFile, FileLimit.processNumber,
        { OriginalDaemon.recordedProcess(layout: layout) != nil }
      ),
    ]
  }

  /// What is right for each, and can be filled up with spaces.
  private static func content(_ path: String, _ layout: TownLayout) -> String {
    switch path {
    case layout.pendingSpawns: "[]"
    case layout.state: #"{"running":true,"pid":1,"started_at":"2026-11-22T11:59:52Z","heartbeat_count":0}"#
    case layout.activity: #"{"last_command":"gt","timestamp":"2026-11-22T11:59:52Z"}"#
    case layout.ledger: #"{"version":1,"agents":{}}"#
    case layout.originalPIDFile: "4242"
    case _ where path.hasPrefix(layout.crashes):
      #"{"version":1,"id":"x","agent":"a","role":"polecat","session":"s","seen_at":"2026-11-22T11:59:52Z","#
        + #""cause":"crash","restarts":0}"#
    default: "{}"
    }
  }

  @Test func `a file at its limit is read, and one byte more is not`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      for (path, limit, reads) in readers(layout) {
        try Disk.makeDirectory(Disk.parent(of: path))
        var bytes = Array(Self.content(path, layout).utf8)
        bytes += Array(repeating: UInt8(ascii: " "), count: limit - bytes.count)
        try Disk.write(bytes, to: path)
        #expect(reads(), "\(path) at its limit")
        try Disk.write(bytes + [UInt8(ascii: " ")], to: path)
        #expect(!reads(), "\(path) above its limit")
        try Disk.remove(path)
      }
    }
  }

  @Test func `a history that others have blown up is read at its end, and made small again`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      let files = HistoryFiles(layout: layout)
      let time = Timestamp(seconds: 1_795_000_000)
      let entry = HistoryEntry(time: time, kind: .decision, what: "start", reason: "r")
      try files.append([entry], to: "gt-a")
      let path = "\(layout.history)/gt-a.jsonl"
      truncate(path, Disk.largestFile + 1)
      for _ in 0..<2 { try files.append([entry], to: "gt-a") }
      #expect(try files.entries(of: "gt-a") == [entry, entry])
      #expect(try Disk.read(path).count <= HistoryFiles.limit)
    }
  }
}
