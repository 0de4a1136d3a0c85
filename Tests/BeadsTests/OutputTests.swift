// SPDX-License-Identifier: Apache-2.0

@testable import Beads
import Commands
import Foundation
import Testing
import Town

@Suite("Output of the real bd")
struct OutputTests {
  @Test("a list of agents is read whole", arguments: ["direct/26-list-agents-3", "helper-mode/26-list-agents-3"])
  func agents(_ name: String) throws {
    let beads = try list(try Recording.named(name).outputBytes)
    #expect(beads.map(\.id) == ["gt-rig01-witness", "gt-deacon", "gt-rig01-polecat-Toast"])
    let toast = try #require(beads.last)
    #expect(toast.type == "agent")
    #expect(toast.agentState == .working)
    #expect(toast.hookBead?.hasPrefix("gt-") == true)
    #expect(toast.updatedAt > toast.createdAt)
    #expect(beads[1].hookBead == nil)
  }

  @Test("an empty list is empty, in every form that is printed")
  func emptyList() throws {
    #expect(
      try list(try Recording.named("direct/05-list-agents-0").outputBytes) == [])
    #expect(try list(Array("null\n".utf8)) == [])
    for sentence in ["No issues found.\n", "No issues found", "\nno issues found.\n"] {
      #expect(try list(Array(sentence.utf8)) == [])
    }
    #expect(try list(Array(#"{"schema_version":1,"data":[]}"#.utf8)) == [])
    // Nothing at all is no list, and not said to be another.
    for nothing in ["", "\n"] { #expect(try BdOutput.beads(Array(nothing.utf8)) == nil) }
  }

  @Test("text comes out as it went in")
  func text() throws {
    let bead = try #require(
      try list(try Recording.named("direct/15-show-non-agent").outputBytes).first)
    #expect(bead.title == #"Fix the <widget> & "friends""#)
    #expect(bead.description == "line one\nline two\ttab, ünïcode, 🚀")
    #expect(bead.assignee == "")
  }

  @Test("times keep their nanoseconds, whatever the offset")
  func times() throws {
    let bead = try #require(
      try list(try Recording.named("direct/75-other-timezone-show").outputBytes).first)
    #expect(bead.createdAt == Timestamp("2026-11-22T12:00:02.505033948Z"))
    let short = try BdOutput.bead(try Recording.named("direct/06-create-task").outputBytes)
    #expect(short.createdAt.nanoseconds % 1_000_000_000 == 930_948_090)
  }

  @Test("closed and deleted beads are told from open ones")
  func ends() throws {
    let closed = try list(
      try Recording.named("direct/64-list-agents-one-closed").outputBytes)
    #expect(closed.map(\.status) == [.closed, .open, .open])
    let deleted = try list(try Recording.named("direct/79-show-deleted").outputBytes)
    #expect(deleted.map(\.status) == [.tombstone])
    let hooked = try list(try Recording.named("direct/19-show-hooked").outputBytes)
    #expect(hooked.map(\.status) == [.hooked])
    #expect(hooked.map(\.assignee) == ["rig01/polecats/Toast"])
  }

  @Test("the description counts before the structured slots")
  func slots() throws {
    let bead = try #require(
      try list(try Recording.named("direct/72-show-agent-with-state").outputBytes)
        .first)
    #expect(bead.stateSlot == "stuck")
    #expect(bead.agentState == .working)
    #expect(bead.hookSlot == "gt-yyz")
  }

  @Test("labels and the mark of short-lived messages are read", arguments: ["direct", "helper-mode"])
  func messages(_ folder: String) throws {
    let beads = try list(
      try Recording.named("\(folder)/39-list-deacon-messages-3").outputBytes)
    #expect(beads.map(\.priority) == [0, 2, 3])
    #expect(beads.map(\.isEphemeral) == [false, true, false])
    #expect(beads[0].labels.contains("cc:rig01/witness"))
    #expect(beads[2].description == "")
  }

  @Test("warnings on standard error are no failure")
  func warnings() throws {
    let recording = try Recording.named("no-git/01-list-agents")
    #expect(!recording.errors.isEmpty)
    #expect(try list(recording.outputBytes).isEmpty == false)
    let clobbered = try Recording.named("routed-clobber/02-direct-list-agents-from-town")
    #expect(try list(clobbered.outputBytes) == [])
  }

  @Test(
    "a missing bead is known to be missing",
    arguments: [
      "direct/14-show-missing", "direct/77-prefix-id-ambiguous", "no-git/03-show-missing",
      "partial-ids/04-direct-show-prefix-matching-two", "partial-ids/06-direct-show-missing-refinery",
      "routed/04-direct-show-missing-from-town", "routed-clobber/04-direct-show-missing-from-town",
    ])
  func missing(_ name: String) throws {
    let recording = try Recording.named(name)
    let id = recording.words[2]
    #expect(try match([id], recording) == [id: .known(nil)])
  }

  @Test("of two beads, one missing, the other is read")
  func oneOfTwo() throws {
    let recording = try Recording.named("direct/16-show-two-one-missing")
    let answer = try match(["gt-rig01-polecat-Toast", "gt-nope"], recording)
    #expect(answer["gt-nope"] == .known(nil))
    #expect(answer["gt-rig01-polecat-Toast"]?.value??.id == "gt-rig01-polecat-Toast")
  }

  @Test("the bead that bd finds by a part of its id is not the one asked for")
  func partial() throws {
    let recording = try Recording.named("partial-ids/03-direct-show-prefix-matching-exactly-one")
    #expect(try match(["gt-rig01-wit"], recording) == ["gt-rig01-wit": .known(nil)])
    let both = try match(["gt-rig01-wit", "gt-rig01-witness"], output: recording.output, errors: "")
    #expect(both["gt-rig01-witness"]?.value??.id == "gt-rig01-witness")
    // One answer for two ids, and no complaint: the other was left without an answer.
    #expect(both["gt-rig01-wit"]?.failure != nil)
  }

  @Test("silence and other complaints leave a bead unknown")
  func unknown() throws {
    #expect(try match(["gt-a"], output: "", errors: "")["gt-a"]?.failure != nil)
    let locked = try match(["gt-a"], output: "", errors: "Error fetching gt-a: database is locked\n")
    #expect(locked["gt-a"]?.failure?.contains("database is locked") == true)
  }

  @Test("the helper's answer names the missing bead on standard output")
  func helper() throws {
    for (name, id) in [
      ("helper-mode/14-show-missing", "gt-rig01-polecat-Nobody"), ("helper-mode/16-show-two-one-missing", "gt-nope"),
      ("partial-ids/11-daemon-show-prefix-matching-two", "gt-rig01-polecat-p"),
    ] {
      let recording = try Recording.named(name)
      let result = CommandResult(ending: .exited(recording.status), standardOutput: recording.outputBytes)
      let complaint = try #require(BdOutput.complaint(result))
      #expect(BdWording.saysMissing(id, complaint), "\(name)")
      #expect(!BdWording.saysMissing("gt-rig01-polecat-Toast", complaint), "\(name)")
    }
  }

  @Test(
    "that something else was not found says nothing of a bead",
    arguments: [
      "Error fetching gt-a: database file not found", "Error fetching gt-a: config.yaml not found",
      #"Error fetching gt-a: no issue found matching "gt-ab""#, "/usr/local/bin/bd: line 3: beads: command not found",
    ])
  func somethingElse(_ complaint: String) throws {
    #expect(try match(["gt-a"], output: "", errors: "\(complaint)\n")["gt-a"]?.failure != nil)
  }

  @Test(
    "what is no bead list is not read as one",
    arguments: [
      "rubbish", "{}", "No issues found. Or were there?", "○ gt-a ● P2 a tree\n", "Warning: no bead list\n", "[{}]",
      #"[{"id":""}]"#, #"{"error":"x"}"#, "[1]", "[", "\u{0}",
      #"[{"id":"gt-a","status":"open","issue_type":"task","created_at":"yesterday"}]"#,
      #"[{"id":"","title":"","status":"open","priority":0,"issue_type":"task","created_at":"0001-01-01T00:00:00Z"}]"#,
    ])
  func rubbish(_ text: String) {
    #expect(throws: BdOutput.Unreadable.self) { try BdOutput.beads(Array(text.utf8)) }
  }

  @Test("unknown keys, statuses and types are passed over or kept")
  func tolerance() throws {
    let text =
      #"[{"id":"gt-a","status":"sleeping","issue_type":"gate","created_at":"2026-01-01T00:00:00+02:00","#
      + #""new":{"a":[1]}}]"#
    let bead = try #require(try list(Array(text.utf8)).first)
    #expect(bead.status.rawValue == "sleeping")
    #expect(bead.type == "gate")
    #expect(bead.updatedAt == bead.createdAt)
  }

  private func match(_ ids: [String], _ recording: Recording) throws -> [String: Reading<Bead?>] {
    try match(ids, output: recording.output, errors: recording.errors)
  }

  private func match(_ ids: [String], output: String, errors: String) throws -> [String: Reading<Bead?>] {
    BdOutput.match(
      ids,
      CommandResult(ending: .exited(0), standardOutput: Array(output.utf8), standardError: Array(errors.utf8)))
  }

  private func list(_ bytes: [UInt8]) throws -> [Bead] { try #require(try BdOutput.beads(bytes)) }
}
