// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import Testing
import Town

@testable import Beads

/// What versions from 0.42 to 1.0.5 print, from recordings of some and the reports of others.
@Suite("Output of later versions of bd") struct ReleasedOutputTests {
  private static func result(_ status: Int32, _ output: String, _ errors: String = "") -> CommandResult {
    CommandResult(ending: .exited(status), standardOutput: Array(output.utf8), standardError: Array(errors.utf8))
  }

  private static func recorded(_ name: String) throws -> CommandResult {
    let recording = try Recording.named("released/\(name)")
    return result(recording.status, recording.output, recording.errors)
  }

  @Test func `lists, beads and new beads of 1.0 are read`() throws {
    let agents = try #require(
      try BdOutput.beads(Self.recorded("45-bd-list-agents-town-after-migrate").standardOutput))
    #expect(agents.first?.id == "mr-my_rig-polecat-obsidian" && agents.first?.hookBead == "mr-8mh")
    #expect(try BdOutput.beads(Self.recorded("55-bd-list-empty").standardOutput) == [])
    let message = try #require(try BdOutput.beads(Self.recorded("69-bd-show-message").standardOutput)?.first)
    #expect(message.isEphemeral && message.labels.contains("from:overseer"))
    #expect(try BdOutput.beads(Self.recorded("75-bd-show-closed").standardOutput)?.first?.status == .closed)
    for name in ["12-bd102-create-task", "53-bd-create-duplicate", "56-bd-create-type-agent"] {
      #expect(try BdOutput.bead(Self.recorded(name).standardOutput).createdAt.nanoseconds % 1_000_000_000 != 0)
    }
  }

  private static let notFound: [(name: String, status: Int32, output: String, errors: String)] = [
    ("0.41, on standard error with status 0", 0, "", "Error fetching gt-a: no issue found matching \"gt-a\"\n"),
    ("with status 1", 1, "", "Error fetching gt-a: no issue found matching \"gt-a\"\n"),
    ("in other words", 1, "", "Issue gt-a not found\n"),
    ("in other words, with status 0", 0, "", "Issue gt-a not found\n"),
    ("on standard output", 1, "Issue gt-a not found\n", ""),
    ("on standard output, with status 0", 0, "Issue gt-a not found\n", ""),
    ("by the storage", 1, "", "Error: getting issue: not found: issue gt-a\n"),
    ("by beads_rust", 1, "", "Error: Issue not found: gt-a\n"),
    ("in an object on standard output", 1, #"{"error":"issue gt-a not found"}"#, ""),
    ("in an object on standard error", 1, "", "Warning: x\n{\n  \"error\": \"issue gt-a not found\"\n}\n"),
    ("of all", 1, #"{"error":"no issues found matching the provided IDs","schema_version":1}"#, ""),
    (
      "of all, after a line", 1, "Issue gt-a not found\n{\"error\":\"no issues found matching the provided IDs\"}\n", ""
    ),
    ("as an empty list", 0, "[]\n", ""), ("as null", 0, "null\n", ""), ("as a sentence", 0, "No issues found.\n", ""),
    (
      "as an empty list in an envelope", 0, #"{"data":[],"schema_version":1}"#, "Warning: .beads has permissions 0755\n"
    ),
  ]

  @Test(arguments: notFound.indices) func `that a bead is not there is understood however it is said`(
    _ index: Int
  ) {
    let said = Self.notFound[index]
    let result = Self.result(said.status, said.output, said.errors)
    #expect(BdOutput.match(["gt-a"], result) == ["gt-a": .known(nil)], "\(said.name)")
    // Of another bead nothing is said by that, but where it is said of all.
    if said.output.contains("gt-a") || said.errors.contains("gt-a") {
      guard !said.output.contains("provided IDs") else { return }
      #expect(BdOutput.match(["gt-b"], result)["gt-b"]?.failure != nil, "\(said.name)")
      #expect(BdOutput.match(["gt"], result)["gt"]?.failure != nil, "\(said.name)")
    }
  }

  @Test func `recordings of beads that are not there are understood`() throws {
    for (name, id) in [("14-bd102-show-missing", "mr-nope"), ("40-bd-show-missing", "hq-nope")] {
      #expect(try BdOutput.match([id], Self.recorded(name)) == [id: .known(nil)])
    }
    #expect(try BdOutput.match(["hq-deac"], Self.recorded("41-bd-show-partial")) == ["hq-deac": .known(nil)])
  }

  @Test(arguments: [
    // A public report: the reading failed, and bd said of all ids that there are none.
    (
      #"{"error":"no issues found matching the provided IDs"}"#,
      "Warning: .beads has permissions 0755\nError fetching gt-a: failed to search issues: Error 1146: table not found: issues\n"
    ),
    (#"{"error":"no issues found matching the provided IDs"}"#, "Error: failed to open database: x\n"),
    (#"{"error":"failed to open database: Dolt server unreachable at 127.0.0.1:3307"}"#, ""),
    ("", "Error fetching gt-a: database is locked\n"), ("", ""), ("○ gt-a ● P2 a tree\n", ""),
    ("Warning: the database is of an older version\n", ""),
  ]) func `what is no word of the bead leaves it unknown`(_ output: String, _ errors: String) {
    #expect(BdOutput.match(["gt-a"], Self.result(1, output, errors))["gt-a"]?.failure != nil)
  }

  @Test func `an empty list beside a complaint is no answer`() {
    let result = Self.result(0, "[]\n", "Error: something is wrong\n")
    #expect(BdOutput.match(["gt-a"], result)["gt-a"]?.failure != nil)
  }

  @Test func `warnings before the JSON and hints behind it are passed over`() throws {
    let bead = #"{"id":"gt-a","status":"open","issue_type":"task","created_at":"2026-01-01T00:00:00Z"}"#
    for text in [
      "Warning: .beads has permissions 0755 (recommended: 0700)\n[\n  \(bead)\n]\n", "⚠ out of sync\n\n[\(bead)]\n",
      "[mysql] 2026/11/30 13:21:47 packets.go:58 i/o timeout\n[\n\(bead)\n]\n", "[\n  \(bead)\n]\n\nTip: use --limit\n",
      "Warning: x\n{\n  \"data\": [\n    \(bead)\n  ],\n  \"schema_version\": 1\n}\nTip: y\n",
      "[\(bead)]\nShowing 1 issue\n",
    ] {
      #expect(try BdOutput.beads(Array(text.utf8))?.map(\.id) == ["gt-a"], "\(text)")
    }
    for text in ["Warning: x\n[\n  \(bead)\n", "[\(bead)\n]]\n", "Warning: [x]\n"] {
      #expect(throws: BdOutput.Unreadable.self, "\(text)") { try BdOutput.beads(Array(text.utf8)) }
    }
  }

  @Test func `why a call failed is told by its reason, not by the warnings before it`() throws {
    for (name, reason) in [
      ("C2-bd-list-dolt-down", "failed to open database: Dolt server unreachable at 127.0.0.1:3307"),
      ("C3-bd-show-dolt-down", "failed to open database: Dolt server unreachable"),
      ("C4-bd-update-dolt-down", "Error: failed to open database: Dolt server unreachable"),
      ("C5-bd-create-dolt-down", "failed to open database: Dolt server unreachable"),
      ("D2-bd-list-right-after-dolt-start", "failed to open database: dolt circuit breaker is open"),
      ("D3-bd-list-dolt-hangs", "failed to open database: failed to check if database"),
      ("51-bd-update-bad-status", "Error: invalid status \"bogus\""),
      ("52-bd-update-missing", "Error resolving hq-nope: no issue found"),
      ("54-bd-list-bad-status", "invalid status \"bogus\""), ("58-bd-agent-state", "Error: unknown command \"agent\""),
    ] {
      let said = try BdOutput.reason(Self.recorded(name))
      #expect(said.hasPrefix(reason), "\(name): \(said)")
      #expect(BdWording.says(.outage, said) == (name.hasPrefix("C") || name.hasPrefix("D")), "\(name)")
    }
  }

  @Test func `each entry of the table is in lower case, as it is compared, and says where it is from`() {
    for entry in BdWording.table {
      #expect(entry.text.replacing("ID", with: "") == entry.text.replacing("ID", with: "").lowercased())
      #expect(!entry.source.isEmpty)
    }
    #expect(BdWording.unknownOption("Error: unknown flag: --flat\nUsage:") == "--flat")
    #expect(BdWording.createdID("✓ Created issue: gt-a1b\n  Title: x\n") == "gt-a1b")
    #expect(BdWording.createdID("no bead") == nil)
    #expect(BdWording.saysUnknownCommand("sync", "Error: unknown command \"sync\" for \"bd\""))
  }
}
