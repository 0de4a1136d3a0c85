// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct AgentFieldsTests {
  static let text =
    "Agent toast\n\nrole_type: polecat\nRig:my-rig\n  AGENT_STATE :  working \nhook_bead: gt-x1\nnote: a: b\n\n"

  @Test func `keys are read in any case, with any space around them`() {
    let fields = AgentFields(description: AgentFieldsTests.text)
    #expect(fields[.roleType] == "polecat")
    #expect(fields[.rig] == "my-rig")
    #expect(fields[.agentState] == "working")
    #expect(fields[.hookBead] == "gt-x1")
    #expect(fields[.roleBead] == nil)
    #expect(!fields.mentions(.roleBead))
  }

  @Test(arguments: [
    "hook_bead: null", "hook_bead: NULL", "hook_bead:", "hook_bead:   ", "HOOK_BEAD: Null\nhook_bead: late",
  ])
  func `null and nothing are none, and the first line counts`(text: String) {
    let fields = AgentFields(description: text)
    #expect(fields[.hookBead] == nil)
    #expect(fields.mentions(.hookBead))
  }

  @Test func `setting a field keeps every other byte`() {
    var fields = AgentFields(description: AgentFieldsTests.text)
    fields.set(.agentState, to: "dead")
    #expect(
      fields.description
        == "Agent toast\n\nrole_type: polecat\nRig:my-rig\nagent_state: dead\nhook_bead: gt-x1\nnote: a: b\n\n")
    fields.set(.hookBead, to: nil)
    #expect(fields.description.contains("\nhook_bead: null\nnote: a: b\n\n"))
  }

  @Test func `a field that is not there is added at the end`() {
    var fields = AgentFields(description: "title\n\nrig: r")
    fields.set(.hookBead, to: "gt-1")
    #expect(fields.description == "title\n\nrig: r\nhook_bead: gt-1")
    #expect(fields[.hookBead] == "gt-1")
  }

  @Test func `CRLF line ends are read, and kept`() {
    var fields = AgentFields(description: "title\r\n\r\nhook_bead: gt-x1\r\nagent_state: working\r\nnote: \r\n")
    #expect(fields[.hookBead] == "gt-x1")
    #expect(fields[.agentState] == "working")
    fields.set(.agentState, to: "dead")
    #expect(
      Array(fields.description.utf8) == Array("title\r\n\r\nhook_bead: gt-x1\r\nagent_state: dead\r\nnote: \r\n".utf8))
  }

  @Test func `bytes that look alike stay as they are`() {
    let text = "caf\u{65}\u{301} \u{E9}\nrig: r"
    var fields = AgentFields(description: text)
    fields.set(.rig, to: "r2")
    #expect(Array(fields.description.utf8) == Array("caf\u{65}\u{301} \u{E9}\nrig: r2".utf8))
  }

  @Test func `a new description has a title, an empty line and all fields`() {
    let fields = AgentFields(title: "t", role: .polecat, rig: "r", state: .idle, hookBead: nil)
    #expect(fields.description.hasPrefix("t\n\nrole_type: polecat\nrig: r\nagent_state: idle\nhook_bead: null\n"))
    #expect(AgentFields.Key.allCases.allSatisfy { fields.mentions($0) })
  }

  @Test func `a structured slot counts only where the description has no such line`() {
    func bead(_ description: String) -> Bead {
      Bead(
        id: "gt-a", title: "", description: description, type: "agent", createdAt: Given.now, updatedAt: Given.now,
        hookSlot: "gt-slot", stateSlot: "idle")
    }
    #expect(bead("title").hookBead == "gt-slot")
    #expect(bead("title").agentState == .idle)
    #expect(bead("hook_bead: gt-line\nagent_state: dead").hookBead == "gt-line")
    #expect(bead("hook_bead: gt-line\nagent_state: dead").agentState == .dead)
    #expect(bead("hook_bead: null\nagent_state:").hookBead == nil)
    #expect(bead("hook_bead: null\nagent_state:").agentState == nil)
    var empty = bead("title")
    empty.hookSlot = ""
    empty.stateSlot = nil
    #expect(empty.hookBead == nil)
    #expect(empty.agentState == nil)
  }

  @Test func `a hook or a state of a megabyte is remembered no further than it is shown`() {
    let long = String(repeating: "x", count: 1 << 20)
    let bead = Bead(
      id: "gt-a", title: "", description: "hook_bead: \(long)\nagent_state: \(long)", type: "agent",
      createdAt: Given.now, updatedAt: Given.now)
    #expect(bead.hookBead?.utf8.count == 200 && bead.agentState?.rawValue.utf8.count == 200)
  }
}
