// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct NameTests {
  @Test(arguments: ["a", "toast", "my-rig", "R2_d2", "0", "x--y", String(repeating: "n", count: 100)])
  func `a plain name is good for a rig, a polecat and a crew member`(name: String) throws {
    try TownName.checkRig(name)
    try TownName.checkPolecat(name)
    try TownName.checkCrew(name)
  }

  @Test(arguments: [
    "", "-x", "_x", ".", "..", "a.b", "a:b", "a/b", "a b", "a\n", "é", "a\u{0301}", "a;b", "$(id)", "=a", "a\u{0}",
    String(repeating: "n", count: 101),
  ])
  func `what tmux, a path or a shell could misread is refused by name`(name: String) {
    let errors = [
      #expect(throws: NameError.self) { try TownName.checkRig(name) },
      #expect(throws: NameError.self) { try TownName.checkPolecat(name) },
      #expect(throws: NameError.self) { try TownName.checkCrew(name) },
    ]
    #expect(errors.allSatisfy { $0?.name == name && $0?.reason.isEmpty == false })
  }

  @Test(arguments: ["mayor", "deacon", "daemon", "spawn", "overseer"])
  func `the town's own names are no rigs`(name: String) throws {
    #expect(throws: NameError.self) { try TownName.checkRig(name) }
    try TownName.checkPolecat(name)
  }

  @Test(arguments: ["witness", "refinery", "crew", "polecats"])
  func `the parts of a rig are no agents' names`(name: String) throws {
    #expect(throws: NameError.self) { try TownName.checkPolecat(name) }
    #expect(throws: NameError.self) { try TownName.checkCrew(name) }
    try TownName.checkRig(name)
  }

  @Test func `a polecat may not begin with 'crew-', a crew member may`() throws {
    #expect(throws: NameError.self) { try TownName.checkPolecat("crew-ada") }
    try TownName.checkCrew("crew-ada")
    try TownName.checkPolecat("crewman")
  }

  @Test func `an error shows a hostile name harmlessly`() {
    let error = #expect(throws: NameError.self) { try TownName.checkRig("a\u{1B}[2J\u{202E}b") }
    #expect(error?.description.hasPrefix("'a\u{FFFD}[2J\u{FFFD}b': ") == true)
  }
}
