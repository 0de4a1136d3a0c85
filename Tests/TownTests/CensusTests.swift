// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct CensusTests {
  private let rigs = [Rig(name: "my"), Rig(name: "my-rig")]
  private let toast = AgentIdentity.polecat(rig: "my-rig", name: "toast")
  private let rigToast = AgentIdentity.polecat(rig: "my", name: "rig-toast")
  private var directories: [String: Census.RigDirectories] {
    ["my-rig": .init(polecats: ["toast"]), "my": .init(polecats: ["rig-toast"])]
  }

  private func beads(_ beads: Bead...) -> [String: Bead] { Dictionary(uniqueKeysWithValues: beads.map { ($0.id, $0) }) }

  @Test(arguments: [true, false])
  func `of two who would share a session the elder bead's agent owns it, and the other is a stranger`(
    toastIsElder: Bool
  ) {
    let (elder, younger) = toastIsElder ? (toast, rigToast) : (rigToast, toast)
    let beads = beads(Given.bead(elder, created: Given.ago(100)), Given.bead(younger, created: Given.ago(50)))
    let census = Census(rigs: rigs, directories: directories, beads: beads)
    #expect(census.agents.contains(elder))
    #expect(!census.agents.contains(younger))
    #expect(census.strangers.map(\.session) == ["gt-my-rig-toast"])
    #expect(census.strangers[0].reason.contains(elder.address))
    #expect(census.strangers[0].reason.contains(younger.address))
    #expect(Census(rigs: rigs.reversed(), directories: directories, beads: beads) == census)
  }

  @Test func `a bead outweighs none, then the elder rig, then the order of names`() {
    let one = Census(rigs: rigs, directories: directories, beads: beads(Given.bead(toast)))
    #expect(one.agents.contains(toast))
    let dated = [Rig(name: "my", addedAt: Given.ago(1)), Rig(name: "my-rig", addedAt: Given.ago(2))]
    #expect(Census(rigs: dated, directories: directories, beads: [:]).agents.contains(toast))
    let none = Census(rigs: rigs, directories: directories, beads: [:])
    #expect(none.agents.contains(rigToast))
    #expect(none == Census(rigs: rigs.reversed(), directories: directories, beads: [:]))
  }

  @Test func `a fixed agent's session is never a polecat's`() {
    let rigs = [Rig(name: "a"), Rig(name: "a-b")]
    let taken = AgentIdentity.polecat(rig: "a", name: "b-witness")
    let census = Census(
      rigs: rigs, directories: ["a": .init(polecats: ["b-witness"])],
      beads: beads(Given.bead(taken, created: Given.ago(9999))))
    #expect(census.agents.contains(.witness(rig: "a-b")))
    #expect(!census.agents.contains(taken))
    #expect(census.strangers.map(\.name) == ["b-witness"])
  }

  @Test func `a polecat and a crew member of one name are two agents`() {
    let census = Census(rigs: [Rig(name: "r")], directories: ["r": .init(polecats: ["ada"], crew: ["ada"])], beads: [:])
    #expect(census.agents.contains(.polecat(rig: "r", name: "ada")))
    #expect(census.agents.contains(.crew(rig: "r", name: "ada")))
    #expect(census.strangers.isEmpty)
  }

  @Test(arguments: ["crew-ada", "witness", "refinery", "a.b", "polecats", "-x"])
  func `a directory with a name that is not allowed is a stranger, with the reason`(name: String) {
    let census = Census(
      rigs: [Rig(name: "r")], directories: ["r": .init(polecats: [name, "good"], crew: ["ada"])], beads: [:])
    #expect(census.strangers.map(\.name) == [name])
    #expect(
      census.agents == [
        .deacon, .mayor, .witness(rig: "r"), .refinery(rig: "r"), .crew(rig: "r", name: "ada"),
        .polecat(rig: "r", name: "good"),
      ])
  }

  @Test func `a polecat that has only a bead counts, under the older id too, unless the bead is over`() {
    var old = Given.bead(.polecat(rig: "r", name: "old"))
    old.id = "gt-polecat-r-old"
    let beads = beads(
      Given.bead(.polecat(rig: "r", name: "new")), old,
      Given.bead(.polecat(rig: "r", name: "gone"), status: .tombstone),
      Given.bead(.crew(rig: "r", name: "ada")), Given.bead(.polecat(rig: "unregistered", name: "x")))
    let census = Census(rigs: [Rig(name: "r")], directories: [:], beads: beads)
    #expect(
      census.agents.filter { $0.role == .polecat } == [
        .polecat(rig: "r", name: "new"), .polecat(rig: "r", name: "old"),
      ])
    #expect(census.agents.filter { $0.role == .crew }.isEmpty)
    #expect(census.strangers.isEmpty)
  }
}
