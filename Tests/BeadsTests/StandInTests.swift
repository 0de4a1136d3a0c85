// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import Testing

/// The stand-in is only worth something while it answers as the real `bd` was recorded to.
@Suite("The stand-in for bd")
struct StandInTests {
  @Test("answers a day's commands as the real one did, with its helper process and without", arguments: BdMode.allCases)
  func replay(_ mode: BdMode) async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    if mode == .helper { try town.write(".beads/stand-in-helper", "") }
    // The beads whose ids were chosen by bd: the recorded id, and the stand-in's.
    var ids: [String: String] = [:]
    var compared = 0
    // What only the original's `gt` put there, and what it made of the lists that follow.
    let skipped = ["51-", "58-", "82-", "02-"]
    for recording in try Recording.all(in: mode.rawValue) where recording.words.first == "bd" {
      let number = recording.name.dropFirst("\(mode.rawValue)/".count)
      if skipped.contains(where: { number.hasPrefix($0) }) { continue }
      let arguments = recording.words.dropFirst().map { word in
        ids.reduce(word) { $0.replacing($1.key, with: $1.value) }
      }
      let variables = recording.variables.mapValues { $0.replacing("TOWN", with: town.root) }
      let result = try await town.bd(Array(arguments), in: recording.directory, variables: variables)
      if let recorded = recording.output.firstMatch(of: /(gt-[0-9a-z]{3})\b/), recording.words.contains("create"),
        !recording.words.contains(where: { $0.hasPrefix("--id") }),
        let own = result.output.firstMatch(of: /gt-[0-9a-z]{3}/)
      {
        ids[String(recorded.1)] = String(own.0)
      }
      func expected(_ text: String) -> String { ids.reduce(text) { $0.replacing($1.key, with: $1.value) } }
      #expect(normalized(result.output) == normalized(expected(recording.output)), "\(recording.name)")
      #expect(result.ending == .exited(recording.status), "\(recording.name)")
      #expect(firstLine(result.errors) == firstLine(expected(recording.errors)), "\(recording.name)")
      compared += 1
    }
    #expect(compared > 50)
  }

  @Test("follows routes in show alone, as the real one does")
  func routed() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    let agent = try Recording.named("routed/03-direct-show-agent-from-town")
    let description = try #require(agent.output.firstMatch(of: /"description": "(.*)"/)).1.replacing("\\n", with: "\n")
    try await town.bd(
      [
        "create", "--id=gt-rig01-polecat-p0001", "--type=agent", "--title=gt-rig01-polecat-p0001",
        "--description=\(description)",
      ],
      in: town.path("rig01/mayor/rig"))
    for name in [
      "02-direct-list-agents-from-town", "03-direct-show-agent-from-town", "04-direct-show-missing-from-town",
      "05-direct-update-agent-from-town",
    ] {
      let recording = try Recording.named("routed/\(name)")
      let result = try await town.bd(Array(recording.words.dropFirst()))
      #expect(normalized(result.output) == normalized(recording.output), "\(name)")
      #expect(
        result.errors.trimmingCharacters(in: .newlines) == recording.errors.trimmingCharacters(in: .newlines), "\(name)"
      )
      #expect(result.ending == .exited(recording.status), "\(name)")
    }
  }

  @Test("destroys the routes where there is no issues.jsonl, as the real one does")
  func clobber() async throws {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    try FileManager.default.removeItem(atPath: town.path(".beads/issues.jsonl"))
    let recording = try Recording.named("routed-clobber/02-direct-list-agents-from-town")
    let result = try await town.bd(Array(recording.words.dropFirst()))
    #expect(result.errors.trimmingCharacters(in: .newlines) == recording.errors.trimmingCharacters(in: .newlines))
    try await town.bd(["create", "--title=x", "--description=y"])
    #expect(try !town.text(".beads/routes.jsonl").contains("prefix"))
  }

  @Test("keeps every one of 16 beads that are written at once")
  func parallel() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<16 {
        group.addTask { _ = try await town.bd(["create", "--title=t\(number)", "--description=d"]) }
      }
      try await group.waitForAll()
    }
    let list = try await town.bd(["list", "--json"]).output
    for number in 0..<16 { #expect(list.contains("\"t\(number)\"")) }
    #expect(town.calls().count == 17)
  }

  private func normalized(_ text: String) -> String {
    text.replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/, with: "TIME")
      .trimmingCharacters(in: .newlines)
  }

  private func firstLine(_ text: String) -> String { String(text.split(separator: "\n").first ?? "") }
}
