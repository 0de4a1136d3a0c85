// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import Synchronization
import Testing
import Town

@testable import Beads

/// The store on versions of `bd` from 0.41 to 1.0.5, played by the stand-in (Tests/bd-stand-in/Release.swift).
@Suite("bd as released", .timeLimit(.minutes(3))) struct ReleasesTests {
  private static let releases = [
    "0.41", "0.42", "0.51", "0.58", "0.59", "1.0.2", "1.0.5", "1.0.5 envelope", "1.0.5 silent", "1.0.5 tree",
  ]
  private let toast = AgentIdentity.polecat(rig: "rig", name: "toast")

  private func town(_ release: String) throws -> BeadsTown {
    let town = try BeadsTown()
    try town.makeDatabase()
    try town.play(release: release)
    return town
  }

  /// Beads as the stand-in keeps them.
  private func furnish(_ town: BeadsTown, agents: Int, messages: Int = 0, closed: Int = 0) throws {
    func bead(_ id: String, _ type: String, _ more: String = "", status: String = "open") -> String {
      """
      {"id":"\(id)","title":"\(id)","description":"agent_state: working","status":"\(status)","priority":2,
       "type":"\(type)","assignee":"\(type == "message" ? "deacon/" : "")","createdAt":"2026-11-01T00:00:00Z",
       "createdBy":"x","updatedAt":"2026-11-01T00:00:00Z","labels":[],"ephemeral":\(type == "message")}
      """
    }
    let beads =
      (0..<agents).map { bead("gt-rig-polecat-p\($0)", "agent") } + (0..<messages).map { bead("gt-m\($0)", "message") }
      + (0..<closed).map { bead("gt-rig-polecat-c\($0)", "agent", status: "closed") }
    try town.write(".beads/stand-in.json", #"{"prefix":"gt","beads":[\#(beads.joined(separator: ","))]}"#)
  }

  @Test(arguments: releases) func `lists are read whole, with those that are closed`(_ release: String) async throws {
    let town = try town(release)
    try furnish(town, agents: 60, messages: 70, closed: 3)
    let store = BdBeadStore(
      townRoot: town.root, executable: BeadsTown.standIn,
      environment: town.environment.merging(["CLAUDE_CODE": "1", "BD_AGENT_MODE": "1"]) { $1 }, runner: town.runner)
    let listing = try await store.agents()
    #expect(listing.failures.isEmpty && listing.remarks.isEmpty)
    #expect(listing.beads.count == 63 && listing.bead("gt-rig-polecat-c2").value??.status == .closed)
    #expect(listing.bead("gt-rig-polecat-p59").value??.agentState == .working)
    #expect(listing.bead("gt-nobody") == .known(nil))
    #expect(try await store.messages(for: "deacon/").count == 70)
    #expect(try await store.messages(for: "mayor/") == [])
  }

  @Test func `what list knows is asked once for each executable`() async throws {
    let town = try town("0.59")
    try town.makeDirectory("bin")
    let path = town.path("bin/bd")
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: BeadsTown.standIn)
    let store = BdBeadStore(
      townRoot: town.root, executable: path, environment: town.environment, runner: town.runner)
    for _ in 0..<3 {
      #expect(try await store.agents().failures.isEmpty)
      _ = try await store.messages(for: "deacon/")
    }
    #expect(town.helpCalls() == 1)
    #expect(town.calls().allSatisfy { $0.contains(" --limit=0 --flat --json") })
    // An upgrade, or the way back.
    try town.play(release: "0.42")
    try FileManager.default.removeItem(atPath: path)
    try town.write("bin/bd", "#!/bin/sh\nexec '\(BeadsTown.standIn)' \"$@\"\n")
    chmod(path, 0o755)
    for _ in 0..<3 { #expect(try await store.agents().failures.isEmpty) }
    #expect(town.helpCalls() == 2)
    #expect(town.calls().last == "list --type=agent --all --limit=0 --json")
  }

  @Test func `a bd that says nothing of what its list knows is asked again`() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let answers = Mutex([CommandResult(ending: .exited(0)), CommandResult(ending: .exited(1)), nil])
    let runner = ScriptedRunner { command in
      guard command.arguments == ["list", "--help"] else {
        #expect(command.arguments.contains("--flat") == answers.withLock { $0.isEmpty })
        return CommandResult(ending: .exited(0), standardOutput: Array("[]\n".utf8))
      }
      return answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        ?? CommandResult(ending: .exited(0), standardOutput: Array("Flags:\n  --flat  x\n".utf8))
    }
    let store = town.bdStore(runner: runner)
    for _ in 0..<4 { #expect(try await store.agents().failures.isEmpty) }
  }

  @Test func `a tree in place of JSON is asked for flat, although the help does not speak of that`() async throws {
    let town = try town("1.0.5 tree")
    try furnish(town, agents: 3)
    let store = town.bdStore()
    #expect(try await store.agents().beads.count == 3)
    #expect(town.calls().map { $0.contains("--flat") } == [false, true])
    #expect(try await store.agents().beads.count == 3)
    #expect(town.calls().map { $0.contains("--flat") } == [false, true, true])
  }

  @Test func `an option that is refused is left out from then on`() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let calls = Mutex<[[String]]>([])
    let runner = ScriptedRunner { command in
      if command.arguments == ["list", "--help"] {
        return CommandResult(ending: .exited(0), standardOutput: Array("  --flat  x\n  --all  y\n".utf8))
      }
      calls.withLock { $0.append(command.arguments) }
      for option in ["--flat", "--all"] where command.arguments.contains(option) {
        return CommandResult(ending: .exited(1), standardError: Array("Error: unknown flag: \(option)\n".utf8))
      }
      return CommandResult(ending: .exited(0), standardOutput: Array("[]\n".utf8))
    }
    let store = town.bdStore(runner: runner)
    for _ in 0..<2 { #expect(try await store.agents().failures.isEmpty) }
    #expect(calls.withLock { $0.map(\.count) } == [6, 5, 4, 4])
  }

  @Test(arguments: [("1.0.5 capped", 60, 50), ("0.41", 50, 50), ("0.41", 20, 20), ("1.0.5", 20, 20)])
  func `a list of 50 or 20 leaves unknown who is not in it, and that is told with what mends it`(
    _ release: String, _ count: Int, _ listed: Int
  ) async throws {
    let town = try town(release)
    try furnish(town, agents: count)
    let store = town.bdStore()
    let listing = try await store.agents()
    #expect(listing.beads.count == listed && listing.failures.isEmpty)
    let known = try #require(listing.beads.first)
    #expect(listing.bead(known.id) == .known(known))
    #expect(listing.bead("gt-rig-polecat-nobody").failure != nil)
    let remark = try #require(listing.remarks.first)
    #expect(listing.remarks.count == 1 && remark.contains("exactly \(listed) beads"))
    let version = release.split(separator: " ")[0] + (release == "0.41" ? ".0" : "")
    #expect(remark.contains("bd version \(version)") && remark.contains("install another version"))
    // A bead that show does not find can be created all the same.
    #expect(try await store.createAgent(toast).id == toast.bead)
    try furnish(town, agents: 3)
    #expect(try await store.agents().remarks.isEmpty)
  }

  @Test func `a list that says it was cut is doubted, whatever its number`() async throws {
    let town = try town("0.41")
    try furnish(town, agents: 3)
    let words = "Showing 3 issues; more results matched but were hidden by --limit. Use --limit 0 for all.\n"
    try town.misbehave(String(decoding: JSONEncoder().encode(["noise": words]), as: UTF8.self))
    let listing = try await town.bdStore().agents()
    #expect(listing.beads.count == 3 && listing.bead("gt-nobody").failure?.contains("says that there are more") == true)
  }

  @Test func `a bead that is listed and not shown is unknown, which is told once, with the version and what mends it`()
    async throws
  {
    let town = try town("1.0.5")
    let store = town.bdStore()
    _ = try await store.createAgent(toast, state: .working, hook: "gt-x")
    #expect(try await store.agents().remarks.isEmpty)
    try town.play(release: "1.0.5 hides")
    let reason = try #require(try await store.beads([toast.bead])[toast.bead]?.failure)
    #expect(
      reason.contains("'bd list' has \(toast.bead)") && reason.contains("'bd show \(toast.bead)' does not find it"))
    #expect(reason.contains("bd version 1.0.5") && reason.contains("Run 'bd doctor' in \(town.root)"))
    #expect(try await store.beads([toast.bead])[toast.bead]?.failure == reason)
    #expect(try await store.agents().remarks == [reason])
    #expect(try await store.agents().bead(toast.bead).value??.agentState == .working)
    #expect(
      await BeadStoreError.code { _ = try await store.setAgent(toast.bead, state: .dead, hook: nil) } == .unavailable)
    // Both agree again.
    try town.play(release: "1.0.5")
    #expect(try await store.beads([toast.bead])[toast.bead]?.value??.hookBead == "gt-x")
    #expect(try await store.agents().remarks.isEmpty)
    // One that was deleted meanwhile is in neither.
    try await town.bd(["delete", toast.bead, "--force"])
    #expect(try await store.beads([toast.bead]) == [toast.bead: .known(nil)])
  }

  @Test func `a message that is stored and not shown was sent, and that is told`() async throws {
    let town = try town("1.0.5 hides")
    let store = town.bdStore()
    let mail = Mail(store: store)
    let sent = try await mail.send(from: "daemon", to: "deacon", subject: "s", body: "b")
    #expect(sent.subject == "s" && sent.to == "deacon/")
    #expect(try await mail.inbox("deacon").map(\.id) == [sent.id])
    #expect(store.remarks.count == 1 && store.remarks[0].contains(sent.id))
    // What is listed is not taken for gone.
    #expect(await BeadStoreError.code { try await mail.delete(sent.id) } == .unavailable)
  }

  @Test(arguments: ["0.41", "1.0.5", "1.0.5 hides"])
  func `no bead is created where one of that id is, shown or only listed`(_ release: String) async throws {
    let town = try town(release.replacing(" hides", with: ""))
    _ = try await town.bdStore().createAgent(toast, state: .working, hook: "gt-x")
    try town.play(release: release)
    let kept = try town.text(".beads/stand-in.json")
    let before = town.calls().count
    let store = town.bdStore()
    let error = await BeadStoreError.thrown {
      _ = try await store.create(BeadDraft(id: toast.bead, type: "agent", title: "other", description: "other"))
    }
    #expect(error?.code == (release.hasSuffix("hides") ? .unavailable : .refused))
    #expect(await BeadStoreError.code { _ = try await store.createAgent(toast) } == error?.code)
    #expect(try town.text(".beads/stand-in.json") == kept)
    // Where it is not known whether one is there, none is created either.
    try town.misbehave(#"{"subcommand":"list","exit":1,"stderr":"Error: database is locked\n"}"#)
    let unknown = await BeadStoreError.code {
      _ = try await store.create(BeadDraft(id: "gt-new", type: "agent", title: "t", description: "d"))
    }
    #expect(unknown == .unavailable)
    #expect(!town.calls().dropFirst(before).contains { $0.hasPrefix("create ") })
  }

  @Test func `a bead of a chosen id whose creation was answered in words is there, by its content`() async throws {
    let town = try BeadsTown()
    try town.makeDatabase()
    let inner = town.runner
    let runner = ScriptedBetween(runner: inner) { command, result in
      guard command.arguments.first == "create" else { return result }
      return CommandResult(ending: .exited(0), standardOutput: Array("Done.\n".utf8))
    }
    let store = town.bdStore(runner: runner)
    #expect(try await store.createAgent(toast, state: .working).agentState == .working)
    // One that chooses its own is not known then.
    #expect(
      await BeadStoreError.code { _ = try await store.create(BeadDraft(type: "task", title: "t")) } == .unreadable)
  }

  @Test func `an empty list of a bd that says nothing at all is not believed`() async throws {
    let town = try town("1.0.5 silent")
    #expect(try await town.bdStore().agents().failures.isEmpty, "it says of a bead that there is none")
    try town.misbehave(#"{"stdout":""}"#)
    #expect(try await town.bdStore().agents().failures.count == 1)
    try town.behave()
    // Nor is it where there were beads before.
    let store = town.bdStore()
    try furnish(town, agents: 2)
    #expect(try await store.agents().beads.count == 2)
    try town.misbehave(#"{"subcommand":"list","stdout":""}"#)
    let failure = try #require(try await store.agents().failures.first?.reason)
    #expect(failure.contains("bd printed nothing") && failure.contains("bd version 1.0.5"))
  }

  @Test func `the stand-in answers as 1.0.5 was recorded to`() async throws {
    let town = try town("1.0.5")
    func normal(_ text: String) -> String {
      text.replacing(/Warning: .*\n/, with: "").replacing(/\d{4}-[0-9-]*T[0-9:.]*Z/, with: "TIME")
        .replacing(/hq-/, with: "gt-").trimmingCharacters(in: .whitespacesAndNewlines)
    }
    try await town.bd(["create", "--id=gt-deacon", "--title=first", "--description=kept?", "--type=task"])
    for name in ["40-bd-show-missing", "58-bd-agent-state"] {
      let recording = try Recording.named("released/\(name)")
      let words = recording.words.dropFirst().map { $0.replacing("hq-", with: "gt-") }
      let result = try await town.bd(Array(words))
      #expect(result.ending == .exited(recording.status), "\(name)")
      let first = normal(recording.errors).split(separator: "\n").first
      #expect(normal(result.errors).split(separator: "\n").first == first, "\(name)")
      let error = recording.output.firstMatch(of: /"error": ".*"/).map { String($0.0) }
      #expect(result.output.firstMatch(of: /"error": ".*"/).map { String($0.0) } == error, "\(name)")
    }
    // A second bead of one id takes the first one's text.
    let again = try await town.bd(["create", "--json", "--id=gt-deacon", "--title=again", "--type=task"])
    #expect(again.succeeded)
    let shown = try await town.bd(["show", "gt-deacon", "--json"])
    let recorded = try Recording.named("released/60-bd-show-after-duplicate-create")
    for key in ["title", "description", "status"] {
      func line(_ text: String) -> String? {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.first { $0.hasPrefix("\"\(key)\"") }
      }
      #expect(line(shown.output) == line(recorded.output), "\(key)")
    }
    #expect(shown.output.contains(/"created_at": "[^".]*Z"/) && again.output.contains(/"created_at": "[^"]*\.\d+Z"/))
  }
}

/// Runs commands, and changes what is answered.
private struct ScriptedBetween: CommandRunner {
  let runner: any CommandRunner
  var change: @Sendable (Command, CommandResult) -> CommandResult

  @concurrent func run(_ command: Command) async throws -> CommandResult {
    change(command, try await runner.run(command))
  }
}
