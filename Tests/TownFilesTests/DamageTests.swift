// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Town

@testable import TownFiles

import Glibc

/// Every file of a town that is read, in every state that it should not be in. None makes anybody wait, none is taken
/// for a file that is not there, and nothing that is in the way is destroyed.
@Suite(.timeLimit(.minutes(1))) struct DamageTests {
  private static let agent = AgentIdentity.polecat(rig: "rig", name: "toast")
  private static let time = Timestamp(seconds: 1_700_000_000)
  private static let capsule = "20231114T221320.000Z-gt-rig-toast"

  /// A town in which each file is there and whole.
  private func withTown(_ body: (TownLayout) throws -> Void) async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: try #require(Disk.canonical(directory.path)) + "/town")
      try Disk.makeDirectory(layout.root)
      let records = TownRecords(layout: layout)
      var ledger = Ledger()
      ledger.handledMail = ["gt-1"]
      try records.write(ledger)
      try records.write([PendingSpawn.of(Self.agent, hook: "gt-2", at: Self.time)])
      try records.write(DaemonState(running: true, pid: 1, startedAt: Self.time))
      try records.write(Activity(lastCommand: "gt", timestamp: Self.time))
      try RigRegistry(layout: layout).add("rig", git: nil, at: Self.time)
      try Disk.write(Array(#"{"tmux_socket": "default"}"#.utf8), to: layout.settings)
      try Holds(layout: layout).set(Hold(kind: .hold, who: "ada", when: Self.time, why: "lunch"), on: Self.agent)
      try Disk.write(Array(#"{"requesting_cycle": true}"#.utf8), to: layout.path(Self.agent.stateFile))
      try Disk.makeDirectory(layout.crashes)
      try Disk.write(Array("{}".utf8), to: "\(layout.crashes)/\(Self.capsule).json")
      try body(layout)
    }
  }

  /// Reads one file as the daemon and `gt` do.
  private static let readers: [String: @Sendable (TownLayout) throws -> Void] = [
    "mayor/rigs.json": { _ = try RigRegistry(layout: $0).rigs() },
    "mayor/daemon.json": { _ = try SettingsFile.load(layout: $0) },
    "daemon/restarts.json": { _ = try TownRecords(layout: $0).ledger() },
    "spawn/pending.json": { _ = try TownRecords(layout: $0).pendingSpawns() },
    "daemon/state.json": { _ = try TownRecords(layout: $0).state() },
    "daemon/crashes/\(capsule).json": { _ = try CrashCapsules(layout: $0).read(capsule) },
    agent.stateFile: {
      if let reason = AgentStateFile(layout: $0).members(of: agent).failure {
        throw TownFileError(.unreadable, path: "", reason: reason)
      }
    },
  ]

  @Test(arguments: Damage.allCases) func `what is damaged is unreadable, and never missing`(_ damage: Damage)
    async throws
  {
    try await withTown { layout in
      for (name, read) in Self.readers {
        damage.strike(layout.path(name))
        let error = #expect(throws: TownFileError.self, "\(name)") { try read(layout) }
        let isText = damage == .half || damage == .empty
        let codes: [TownFileError.Code] = isText ? [.malformed, .unreadable] : [.unreadable]
        #expect(error.map { codes.contains($0.code) } == true, "\(name): \(error.map { "\($0)" } ?? "")")
      }
      // What nothing depends on is not known.
      damage.strike(layout.activity)
      #expect(TownRecords(layout: layout).lastActivity() == nil)
    }
  }

  @Test(arguments: Damage.allCases) func `a hold that is damaged keeps its agent down`(_ damage: Damage) async throws {
    try await withTown { layout in
      damage.strike("\(layout.holds)/\(Self.agent.session)")
      for holds in [Holds(layout: layout), Holds(listing: layout)] {
        let reading = holds.hold(on: Self.agent)
        #expect(reading != .known(nil), "\(reading)")
      }
      // No other agent of the town is concerned.
      #expect(Holds(listing: layout).hold(on: .deacon) == .known(nil))
      if damage != .directory { #expect(throws: Never.self) { try Holds(layout: layout).clear(Self.agent) } }
    }
  }

  @Test(arguments: Damage.allCases)
  func `what is written takes the place of what is damaged, and destroys no directory`(
    _ damage: Damage
  ) async throws {
    try await withTown { layout in
      let records = TownRecords(layout: layout)
      let writers: [String: () throws -> Void] = [
        "daemon/restarts.json": { try records.write(Ledger()) },
        "spawn/pending.json": { try records.write([PendingSpawn]()) },
        "daemon/state.json": { try records.write(DaemonState(running: true, pid: 1, startedAt: Self.time)) },
        "daemon/activity.json": { try records.write(Activity(lastCommand: "gt", timestamp: Self.time)) },
      ]
      for (name, write) in writers {
        let path = layout.path(name)
        damage.strike(path)
        if damage == .directory {
          let error = #expect(throws: TownFileError.self, "\(name)") { try write() }
          #expect(error?.code == .unwritable)
          #expect(TestFile.text("\(path)/mine") == "mine")
        } else {
          try write()
          #expect(try Disk.read(path).first != nil && !Disk.isLink(path), "\(name)")
        }
      }
      #expect(try Disk.names(in: layout.path("daemon")).allSatisfy { !$0.hasSuffix(".new") })
    }
  }

  @Test(arguments: Damage.allCases) func `a lock's file that is damaged makes nobody wait, and lets nobody in twice`(
    _ damage: Damage
  ) async throws {
    try await withTown { layout in
      try Disk.write([], to: layout.lock)
      damage.strike(layout.lock)
      #expect(TownLock.currentHolder(layout: layout) == nil)
      guard let lock = try? TownLock(layout: layout) else { return }
      #expect(TownLock.currentHolder(layout: layout) != nil)
      #expect(throws: TownFileError.self) { try TownLock(layout: layout) }
      withExtendedLifetime(lock) {}
    }
  }

  @Test(arguments: Damage.allCases) func `a history that is damaged is an error of its own, and no wait`(
    _ damage: Damage
  )
    async throws
  {
    try await withTown { layout in
      let path = "\(layout.history)/\(Self.agent.session).jsonl"
      try Disk.write(Array(#"{"half": "#.utf8), to: path)
      damage.strike(path)
      let files = HistoryFiles(layout: layout)
      _ = try? files.entries(of: Self.agent.session)
      #expect(files.lastDecision(of: Self.agent.session) == nil)
      let isText = [.half, .empty, .huge].contains(damage)
      #expect(((try? files.append([], to: Self.agent.session)) != nil) == isText)
      if damage == .directory { #expect(TestFile.text("\(path)/mine") == "mine") }
    }
  }
}
