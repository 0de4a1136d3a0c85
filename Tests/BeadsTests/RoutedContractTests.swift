// SPDX-License-Identifier: Apache-2.0

import Beads
import Testing
import Town

/// The same, in a town whose agents' beads live in a rig's database, from the recordings of such a town.
@Suite("The contract with bd in a routed town", .timeLimit(.minutes(3)))
struct RoutedContractTests {
  private let rig = "rig01/mayor/rig"

  private func town() throws -> BeadsTown {
    let town = try BeadsTown()
    try town.makeRoutedDatabases()
    try town.write(".beads/routes.jsonl", Recording.named("routed/01-direct-routes").output)
    return town
  }

  private func recording(_ mode: BdMode, _ direct: String, _ helper: String) throws -> Recording {
    try .named("routed/\(mode == .direct ? direct : helper)")
  }

  @Test("each database is listed in its own directory, by its own name", arguments: BdMode.allCases)
  func agents(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(town())
    let list = ["list", "--type=agent", "--all", "--limit=0", "--json"]
    try bd.expect([
      .recorded(list, recording(mode, "02-direct-list-agents-from-town", "13-daemon-list-agents-from-town")),
      .recorded(list, recording(mode, "10-direct-list-agents-in-polecat", "21-daemon-list-agents-in-polecat"), in: rig),
    ])
    let listing = try await bd.store().agents()
    #expect(listing.databases.map(\.database.name) == [".", rig])
    #expect(listing.failures.isEmpty)
    #expect(
      listing.beads.map(\.id) == [
        "gt-rig01-polecat-p0003", "gt-rig02-polecat-p0002", "gt-rig01-polecat-p0001", "gt-rig02-witness",
        "gt-rig01-witness", "gt-deacon",
      ])
    #expect(listing.beads.compactMap(\.hookBead) == ["gt-oj1", "gt-yb1", "gt-anl"])
    try bd.verify()
  }

  @Test("a bead is read and written where it lives, never from the town", arguments: BdMode.allCases)
  func markDead(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(town())
    let store = bd.store()
    let agent = try recording(mode, "03-direct-show-agent-from-town", "14-daemon-show-agent-from-town")
    try bd.expect([.recorded(["show", agent.words[2], "--json"], agent, in: rig)])
    #expect(try await store.beads([agent.words[2]])[agent.words[2]]?.value??.hookBead == "gt-anl")
    let missing = try recording(mode, "04-direct-show-missing-from-town", "15-daemon-show-missing-from-town")
    try bd.expect([.recorded(["show", missing.words[2], "--json"], missing, in: rig)])
    #expect(try await store.beads([missing.words[2]]) == [missing.words[2]: .known(nil)])

    let deacon = try recording(mode, "06-direct-show-deacon-from-town", "17-daemon-show-deacon-from-town")
    let title = "Deacon (daemon beacon) - receives mechanical heartbeats, runs town plugins and monitoring."
    let description = """
      \(title)

      role_type: deacon
      rig: null
      agent_state: dead
      hook_bead: null
      role_bead: gt-deacon-role
      cleanup_status: null
      """
    let show = ["show", "gt-deacon", "--json"]
    try bd.expect(
      [.recorded(show, deacon, in: rig)],
      [.derived(["update", "gt-deacon", "--description=\(description)"], mode.recording("27-mark-dead"), in: rig)],
      [.derived(show, deacon.replacing("agent_state: running", with: "agent_state: dead"), in: rig)])
    #expect(try await store.setAgent("gt-deacon", state: .dead, hook: nil).description == description)
    try bd.verify()
  }

  @Test("mail and beads that no route names are the town's own", arguments: BdMode.allCases)
  func mail(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(town())
    try bd.expect([
      .recorded(
        ["list", "--type=message", "--assignee=deacon/", "--status=open", "--limit=0", "--json"],
        mode.recording("33-list-deacon-messages-0")),
      .recorded(
        ["list", "--type=message", "--label=cc:deacon/", "--status=open", "--limit=0", "--json"],
        mode.recording("34-list-deacon-cc-0")),
    ])
    #expect(try await bd.store().messages(for: "deacon/") == [])
    // One read of beads of two databases is one show in each.
    let agent = try recording(mode, "03-direct-show-agent-from-town", "14-daemon-show-agent-from-town")
    let task = try mode.recording("15-show-non-agent")
    let own = task.words[2].replacing("gt-", with: "gm-")
    try bd.expect([
      .recorded(["show", agent.words[2], "--json"], agent, in: rig),
      .derived(["show", own, "--json"], task.replacing(task.words[2], with: own)),
    ])
    let answers = try await bd.store().beads([own, agent.words[2]])
    #expect(answers[own]?.value??.id == own && answers[agent.words[2]]?.value??.id == agent.words[2])
    try bd.verify()
  }
}
