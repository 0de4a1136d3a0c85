// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct IdentityTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var agent: AgentIdentity
    var mail: [String]
    var session: String
    var beads: [String]
    var actor: String
    var directory: String
    var state: String
    var mailbox: String
    var testDescription: String { session }
  }

  static let rigs = ["a", "rig", "rig-a", "my", "my-rig", "my-rig-x", "polecat", "crew"]

  /// DESIGN's table, for a rig and names with and without hyphens.
  /// DESIGN's table, for rigs and names with and without hyphens.
  static let table: [Row] = {
    var rows = [
      Row(
        agent: .mayor, mail: ["mayor", "mayor/"], session: "gt-mayor", beads: ["gt-mayor"], actor: "mayor",
        directory: "",
        state: "mayor/state.json", mailbox: "mayor/"),
      Row(
        agent: .deacon, mail: ["deacon", "deacon/"], session: "gt-deacon", beads: ["gt-deacon"], actor: "deacon",
        directory: "deacon", state: "deacon/state.json", mailbox: "deacon/"),
    ]
    for rig in ["my-rig", "rig", "rig-a"] {
      rows += [witness(rig), refinery(rig)]
      for name in ["toast", "deep-fix", "b", "1"] { rows += [crew(rig, name), polecat(rig, name)] }
    }
    return rows
  }()

  private static func witness(_ rig: String) -> Row {
    Row(
      agent: .witness(rig: rig), mail: ["\(rig)-witness", "\(rig)/witness", "\(rig)/witness/"],
      session: "gt-\(rig)-witness", beads: ["gt-\(rig)-witness"], actor: "\(rig)/witness", directory: "\(rig)/witness",
      state: "\(rig)/witness/state.json", mailbox: "\(rig)/witness")
  }

  private static func refinery(_ rig: String) -> Row {
    Row(
      agent: .refinery(rig: rig), mail: ["\(rig)-refinery", "\(rig)/refinery"], session: "gt-\(rig)-refinery",
      beads: ["gt-\(rig)-refinery"], actor: "\(rig)/refinery", directory: "\(rig)/refinery/rig",
      state: "\(rig)/refinery/state.json", mailbox: "\(rig)/refinery")
  }

  private static func crew(_ rig: String, _ name: String) -> Row {
    Row(
      agent: .crew(rig: rig, name: name), mail: ["\(rig)-crew-\(name)", "\(rig)/crew/\(name)", "\(rig)/crew/\(name)/"],
      session: "gt-\(rig)-crew-\(name)", beads: ["gt-\(rig)-crew-\(name)"], actor: "\(rig)/crew/\(name)",
      directory: "\(rig)/crew/\(name)", state: "\(rig)/crew/\(name)/state.json", mailbox: "\(rig)/\(name)")
  }

  private static func polecat(_ rig: String, _ name: String) -> Row {
    Row(
      agent: .polecat(rig: rig, name: name),
      mail: ["\(rig)-polecat-\(name)", "\(rig)/polecats/\(name)", "\(rig)/\(name)", "\(rig)/\(name)/"],
      session: "gt-\(rig)-\(name)", beads: ["gt-\(rig)-polecat-\(name)", "gt-polecat-\(rig)-\(name)"],
      actor: "\(rig)/polecats/\(name)", directory: "\(rig)/polecats/\(name)",
      state: "\(rig)/polecats/\(name)/state.json", mailbox: "\(rig)/\(name)")
  }

  @Test(arguments: table) func `every agent has its session, beads, actor, directory and mailbox`(row: Row) {
    #expect(row.agent.session == row.session)
    #expect(row.agent.beads == row.beads)
    #expect(row.agent.bead == row.beads[0])
    #expect(row.agent.actor == row.actor)
    #expect(row.agent.directory == row.directory)
    #expect(row.agent.stateFile == row.state)
    #expect(row.agent.mailbox == row.mailbox)
  }

  @Test(arguments: table) func `each of them leads back to the agent`(row: Row) {
    let roster = Roster(rigs: IdentityTests.rigs)
    #expect(roster.candidates(session: row.session).contains(row.agent))
    for bead in row.beads { #expect(roster.agent(bead: bead) == row.agent, "\(bead)") }
    for address in row.mail + [row.session, row.actor, row.mailbox, row.agent.address] {
      #expect(roster.candidates(address: address).contains(row.agent), "\(address)")
    }
  }

  @Test func `a session that two rigs can mean gives both, the longer rig first`() {
    let roster = Roster(rigs: ["my", "my-rig"])
    #expect(
      roster.candidates(session: "gt-my-rig-toast") == [
        .polecat(rig: "my-rig", name: "toast"), .polecat(rig: "my", name: "rig-toast"),
      ])
    #expect(roster.candidates(session: "gt-my-rig-deep-fix").first == .polecat(rig: "my-rig", name: "deep-fix"))
    #expect(roster.candidates(session: "gt-my-rig-witness").first == .witness(rig: "my-rig"))
  }

  @Test func `rig and name may be a polecat and a crew member; both are given, the polecat first`() {
    #expect(
      Roster(rigs: ["rig"]).candidates(address: "rig/ada") == [
        .polecat(rig: "rig", name: "ada"), .crew(rig: "rig", name: "ada"),
      ])
  }

  @Test(arguments: [
    "", "/", "//", "rig", "rig/", "rig//x", "rig/polecats/", "rig/crew", "rig/polecats", "rig/x/y", "rig/polecats/x/y",
    "other/x",
    "gt-", "gt-rig-", "rig-polecat-", "rig-", "gt-other-x", "overseer", "/rig/x", "gt-mayor-x",
  ])
  func `a malformed address is nobody`(address: String) {
    #expect(Roster(rigs: ["rig"]).candidates(address: address).isEmpty)
  }

  @Test(arguments: [
    "gt-", "gt-rig", "gt-rig-", "gt-rig-polecat-", "gt-rig-toast", "gt-x1", "bd-rig-witness", "gt-polecat-rig-",
  ])
  func `a bead that is no agent's is nobody's`(bead: String) {
    #expect(Roster(rigs: ["rig"]).agent(bead: bead) == nil)
  }

  @Test func `agents are listed Deacon, Mayor, then rig by rig`() {
    let order: [AgentIdentity] = [
      .deacon, .mayor, .witness(rig: "a"), .refinery(rig: "a"), .crew(rig: "a", name: "z"),
      .polecat(rig: "a", name: "b"),
      .polecat(rig: "a", name: "c"), .witness(rig: "b"),
    ]
    #expect(order.reversed().sorted() == order)
  }

  @Test func `the one who should know is told`() {
    #expect(Given.toast.guardians == ["my-rig/witness"])
    #expect(AgentIdentity.crew(rig: "r", name: "x").guardians == ["r/witness"])
    #expect(AgentIdentity.refinery(rig: "r").guardians == ["r/witness"])
    #expect(AgentIdentity.witness(rig: "r").guardians == ["deacon/"])
    #expect(AgentIdentity.deacon.guardians == ["mayor/", "overseer"])
    #expect(AgentIdentity.mayor.guardians == ["mayor/", "overseer"])
  }
}
