// SPDX-License-Identifier: Apache-2.0

@testable import Beads
import Foundation
import Testing
import Town

@Suite("Routes between databases")
struct RoutesTests {
  @Test("name the database of each id")
  func holders() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    try town.makeDatabase(in: "rig02", prefix: "gt-two")
    try town.write(
      ".beads/routes.jsonl",
      """
      {"prefix":"gt-","path":"rig01/mayor/rig"}
      {"prefix":"gt-two-","path":"rig02","comment":1}
      {"prefix":"gm-","path":"."}

      """)
    let routes = town.bdStore().routes
    #expect(routes.problems == [])
    #expect(routes.databases.map(\.name) == [".", "rig01/mayor/rig", "rig02"])
    #expect(routes.databases.map(\.path) == [".beads", "rig01/mayor/rig/.beads", "rig02/.beads"].map(town.path))
    #expect(routes.holder(of: "gt-deacon").database?.name == "rig01/mayor/rig")
    #expect(routes.holder(of: "gt-two-x").database?.name == "rig02")
    #expect(routes.holder(of: "gm-x").database?.name == ".")
    #expect(routes.holder(of: "zz-x").database?.name == ".")
  }

  @Test("lead to a database once, whichever way it is named")
  func distinct() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    try town.write("rig01/.beads/redirect", "mayor/rig/.beads\n")
    try FileManager.default.createSymbolicLink(
      atPath: town.path("link"), withDestinationPath: town.path("rig01/mayor/rig"))
    try town.write(
      ".beads/routes.jsonl",
      """
      {"prefix":"gt-","path":"rig01/mayor/rig"}
      {"prefix":"a-","path":"rig01"}
      {"prefix":"b-","path":"link"}
      {"prefix":"c-","path":"rig01/../rig01/mayor/rig/"}
      """)
    let routes = town.bdStore().routes
    #expect(routes.databases.map(\.path) == [town.path(".beads"), town.path("rig01/mayor/rig/.beads")])
    #expect(try await town.bdStore().agents().failures.isEmpty)
    #expect(town.calls(in: "rig01/mayor/rig").count == 1)
  }

  @Test("that cannot be understood leave what they may have named unknown")
  func badLines() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    let clobbered = try Recording.named("routed-clobber/11-daemon-routes").output
    for text in [clobbered, "rubbish\n", "{\"prefix\":\"\",\"path\":\"x\"}\n", "[]\n\u{0}\n"] {
      try town.write(".beads/routes.jsonl", text)
      let routes = town.bdStore().routes
      #expect(!routes.problems.isEmpty, "\(text)")
      #expect(routes.problems.first?.contains(town.path(".beads/routes.jsonl")) == true)
      #expect(try await town.bdStore().agents().bead("gt-deacon").failure != nil)
      #expect(try town.text(".beads/routes.jsonl") == text)
    }
    try town.write(".beads/routes.jsonl", "rubbish\n" + #"{"prefix":"gt-","path":"rig01/mayor/rig"}"#)
    let listing = try await town.bdStore().agents()
    #expect(listing.bead("gt-deacon") == .known(nil))
    #expect(listing.bead("zz-x").failure != nil)
  }

  @Test("to nowhere leave their beads unknown")
  func missingTarget() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    try FileManager.default.removeItem(atPath: town.path("rig01"))
    let listing = try await town.bdStore().agents()
    #expect(listing.failures.isEmpty)
    #expect(listing.bead("gt-deacon").failure?.contains("rig01/mayor/rig") == true)
    #expect(listing.bead("gm-x") == .known(nil))
    #expect(try await town.bdStore().beads(["gt-deacon"])["gt-deacon"]?.failure != nil)
    #expect(await BeadStoreError.code { _ = try await town.bdStore().createAgent(.deacon) } == .unavailable)
    try town.write(".beads/routes.jsonl", #"{"prefix":"gt-","path":"../../../../../../../etc"}"#)
    #expect(town.bdStore().routes.databases.count == 1)
  }

  @Test("are never given over to be overwritten")
  func clobber() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    let routes = try town.text(".beads/routes.jsonl")
    try FileManager.default.removeItem(atPath: town.path(".beads/issues.jsonl"))
    let store = town.bdStore()
    _ = try await store.createAgent(.deacon)
    let listing = try await store.agents()
    #expect(listing.failures.map(\.database.name) == ["."])
    #expect(listing.failures.first?.reason.contains("bd export -o .beads/issues.jsonl") == true)
    // The agents are readable all the same: they live in another database.
    #expect(listing.bead("gt-deacon").value??.id == "gt-deacon")
    do {
      _ = try await store.messages(for: "deacon/")
      Issue.record("bd was run where it destroys the routes")
    } catch let error as BeadStoreError {
      #expect(error.code == .unavailable)
    }
    #expect(
      await BeadStoreError.code { _ = try await Mail(store: store).send(from: "a", to: "b", subject: "s", body: "b") }
        == .unavailable)
    #expect(town.calls() == [])
    #expect(try town.text(".beads/routes.jsonl") == routes)
    try town.write(".beads/issues.jsonl", "")
    #expect(try await store.messages(for: "deacon/") == [])
  }

  @Test("are followed up to a thousand, and it is said that there are more")
  func host() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    let many = (0..<2_000).map { #"{"prefix":"r\#($0)-","path":"nowhere"}"# + "\n" }.joined()
    try town.write(".beads/routes.jsonl", many)
    let routes = town.bdStore().routes
    #expect(routes.routes.count == 1_000)
    #expect(routes.problems.count == 1 && routes.problems.first?.contains("line 1001") == true)
    try town.write(".beads/routes.jsonl", String(repeating: "rubbish\n", count: 5_000))
    #expect(town.bdStore().routes.problems.count == 20)
  }
}
