// SPDX-License-Identifier: Apache-2.0

import Beads
import Foundation
import Processes
import Testing
import Town

@Suite("The choice of a store")
struct BeadStoresTests {
  private func open(_ town: BeadsTown, _ mode: BeadStores.Mode, found: Bool = true) throws -> any BeadStore {
    try BeadStores.open(
      townRoot: town.root, mode: mode, environment: ["PATH": "/one:/two"], runner: town.runner,
      findExecutable: { found && $0 == "bd" ? BeadsTown.standIn : nil })
  }

  @Test("is the embedded one for a town without .beads, with bd or without")
  func embedded() throws {
    let town = try BeadsTown()
    #expect(try open(town, .auto) is SQLiteBeadStore)
    #expect(try open(town, .auto, found: false) is SQLiteBeadStore)
    #expect(try open(town, .sqlite, found: false) is SQLiteBeadStore)
    #expect(try open(town, .auto).name.contains(town.path("daemon/beads.sqlite")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: town.root) == [])
  }

  @Test("is none where .beads leads nowhere, as to a disk that is not mounted")
  func lost() async throws {
    let town = try BeadsTown()
    try FileManager.default.createSymbolicLink(
      atPath: town.path(".beads"), withDestinationPath: town.path("disk/beads"))
    let error = await BeadStoreError.thrown { _ = try open(town, .auto) }
    #expect(error?.code == .unavailable && error?.message.contains(town.path(".beads")) == true)
    // What is mounted while the daemon runs is there.
    try town.makeDatabase(in: "real")
    try FileManager.default.createDirectory(atPath: town.path("disk"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: town.path("disk/beads"), withDestinationPath: town.path("real/.beads"))
    #expect(try open(town, .auto) is BdBeadStore)
  }

  @Test("is bd for a town with .beads")
  func bd() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    #expect(try open(town, .auto) is BdBeadStore)
    #expect(try open(town, .bd) is BdBeadStore)
    #expect(try open(town, .sqlite) is SQLiteBeadStore)
    #expect(try await open(town, .auto).agents().failures.isEmpty)
  }

  @Test("is an error that says why, where the town needs a bd that is not there")
  func noBd() throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    for mode in [BeadStores.Mode.auto, .bd] {
      do {
        _ = try open(town, mode, found: false)
        Issue.record("a store was opened without bd")
      } catch let error as BeadStoreError {
        #expect(error.code == .unavailable)
        #expect(error.description.contains(town.root))
        #expect(error.description.contains("/one:/two"))
      }
    }
  }

  @Test("waits for a bd that may come, and knows nothing until then")
  func awaiting() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let store = try BeadStores.open(
      townRoot: town.root, environment: ["PATH": "\(town.path("one")):\(town.path("two"))", "USER": "peer"],
      runner: town.runner, awaitingBd: true,
      findExecutable: { ExecutableSearch.find($0, path: "\(town.path("one")):\(town.path("two"))") })
    #expect(store is BdBeadStore)
    let reason = try #require(try await store.agents().failures.first?.reason)
    #expect(
      reason == "listing the beads of \(town.path(".beads")): no 'bd' was found on PATH "
        + "(\(town.path("one")):\(town.path("two")))")
    #expect(await BeadStoreError.code { _ = try await store.messages(for: "deacon/") } == .unavailable)
    // It comes, and moves.
    for place in ["two", "one"] {
      try town.makeDirectory(place)
      try FileManager.default.createSymbolicLink(
        atPath: town.path("\(place)/bd"), withDestinationPath: BeadsTown.standIn)
      #expect(try await store.agents().bead("gt-deacon") == .known(nil))
      try FileManager.default.removeItem(atPath: town.path("\(place)/bd"))
      #expect(try await store.agents().bead("gt-deacon").failure != nil)
    }
  }

  @Test("is an error where bd is asked for and there is nothing for it, or something else")
  func noBeads() throws {
    let town = try BeadsTown()
    #expect(throws: BeadStoreError.self) { try open(town, .bd) }
    try town.write(".beads", "a file")
    #expect(throws: BeadStoreError.self) { try open(town, .auto) }
    #expect(throws: BeadStoreError.self) { try open(town, .bd) }
  }
}
