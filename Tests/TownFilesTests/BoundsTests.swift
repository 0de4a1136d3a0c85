// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
@testable import Town
import TownFiles

/// What agents can put in the way of the daemon's writing.
@Suite struct BoundsTests {
  /// A town with a directory beside it that is none of the town's.
  private func with(_ body: (_ town: TownLayout, _ elsewhere: String) throws -> Void) async throws {
    try await TemporaryDirectory.with { directory in
      let town = TownLayout(root: try #require(Disk.canonical(directory.path)) + "/town")
      let elsewhere = directory("elsewhere")
      try Disk.makeDirectory(town.root)
      try Disk.makeDirectory(elsewhere)
      try body(town, elsewhere)
    }
  }

  @Test(arguments: ["daemon", "spawn", "mayor", "rig/polecats/a"])
  func `nothing is written through a directory that leads out of the town`(name: String) async throws {
    let agent = AgentIdentity.polecat(rig: "rig", name: "a")
    try await with { town, elsewhere in
      let link = town.path(name)
      try Disk.makeDirectory(Disk.parent(of: link))
      TestFile.write(#"{"requesting_cycle":true,"kept":1}"#, to: "\(elsewhere)/state.json", mode: 0o600)
      symlink(elsewhere, link)
      let records = TownRecords(layout: town)
      let writes: [String: [() throws -> Void]] = [
        "daemon": [
          { try records.write(Ledger()) },
          { try records.write(Activity(lastCommand: "gt", timestamp: Timestamp(seconds: 1))) },
          { try Holds(layout: town).set(Hold(kind: .hold, who: "me", when: nil, why: nil), on: .town) },
          { try Holds(layout: town).clear(.town) }, { _ = try TownLock(layout: town) },
          { try HistoryFiles(layout: town).append([], to: "gt-rig-a") },
        ],
        "spawn": [{ try records.write([PendingSpawn]()) }],
        "mayor": [{ try RigRegistry(layout: town).add("rig", git: nil, at: Timestamp(seconds: 1)) }],
        "rig/polecats/a": [{ try AgentStateFile(layout: town).clear([.whatever(.cycle)], of: agent) }],
      ]
      for write in try #require(writes[name]) {
        let error = #expect(throws: TownFileError.self) { try write() }
        #expect(error?.code == .unwritable && error?.reason.contains(elsewhere) == true, "\(String(describing: error))")
      }
      #expect(try Disk.names(in: elsewhere) == ["state.json"])
      #expect(TestFile.text("\(elsewhere)/state.json") == #"{"requesting_cycle":true,"kept":1}"#)
    }
  }

  @Test func `a link that stays within the town is followed`() async throws {
    try await with { town, _ in
      try Disk.makeDirectory(town.path("kept/here"))
      symlink(town.path("kept/here"), town.path("daemon"))
      try TownRecords(layout: town).write(Ledger())
      #expect(try Disk.names(in: town.path("kept/here")) == ["restarts.json"])
    }
  }

  @Test func `a file that is a link is replaced, not written through`() async throws {
    try await with { town, elsewhere in
      try Disk.makeDirectory(town.path("daemon"))
      TestFile.write("mine", to: "\(elsewhere)/mine", mode: 0o600)
      symlink("\(elsewhere)/mine", town.ledger)
      try TownRecords(layout: town).write(Ledger())
      #expect(TestFile.text("\(elsewhere)/mine") == "mine")
      #expect(try TownRecords(layout: town).ledger() == Ledger())
    }
  }
}
