// SPDX-License-Identifier: Apache-2.0

import Foundation
@testable import GTCommands
import Testing
@testable import Town

/// What `gt session check` prints, for people and for programs.
@Suite struct CheckReportTests {
  private func session(
    _ state: SessionCheck.State, _ name: String = "toast", pid: Int32? = nil, hook: String? = nil,
    reason: String? = nil, isWell: Bool = true
  ) -> SessionCheck {
    SessionCheck(
      rig: "my-rig", polecat: name, session: "gt-my-rig-\(name)", state: state, hookBead: hook, agentState: nil,
      pid: pid,
      supervision: .watched, reason: reason, isWell: isWell)
  }

  private func lines(_ sessions: SessionCheck..., colour: Bool = false) -> [String] {
    let colour = Colour(isTerminal: colour, environment: [:])
    return CheckText(colour: colour).lines(CheckReport(town: "/town", sessions: sessions))
  }

  // MARK: JSON

  private func object(_ report: CheckReport) throws -> [String: Any] {
    let data = try JSONEncoder().encode(report)
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test func `the JSON has exactly the members that are promised, absent ones as null`() throws {
    let report = CheckReport(
      town: "/town",
      sessions: [
        session(.alive, pid: 4711, hook: "gt-x1"), session(.crashed), session(.idle), session(.deadShell),
        session(.stopped),
        session(.unknown), session(.alive),
      ])
    let object = try object(report)
    #expect(
      Set(object.keys) == [
        "town", "checked", "alive", "crashed", "idle", "dead_shell", "not_started", "stopped", "unknown", "sessions",
      ])
    let counts = ["checked", "alive", "crashed", "idle", "dead_shell", "stopped", "unknown"].map { object[$0] as? Int }
    #expect(counts == [7, 2, 1, 1, 1, 1, 1])
    #expect(object["town"] as? String == "/town")
    let sessions = try #require(object["sessions"] as? [[String: Any]])
    for session in sessions {
      #expect(
        Set(session.keys) == [
          "rig", "polecat", "session", "state", "hook_bead", "agent_state", "pid", "supervision", "reason",
          "frozen",
        ])
    }
    #expect(sessions[0]["pid"] as? Int == 4711 && sessions[0]["hook_bead"] as? String == "gt-x1")
    #expect(sessions[1]["pid"] is NSNull && sessions[1]["reason"] is NSNull && sessions[1]["agent_state"] is NSNull)
    #expect(
      sessions.map { $0["state"] as? String } == [
        "alive", "crashed", "idle", "dead_shell", "stopped", "unknown", "alive",
      ])
  }

  // MARK: Text

  @Test func `a town without polecats says how to add one`() {
    #expect(lines() == ["No polecats. Add one with: gt polecat add RIG/NAME"])
  }

  @Test func `every state is a line, with what to type where something can be done`() {
    let text = lines(
      session(.alive, "a", pid: 4711, hook: "gt-x1"),
      session(.crashed, "bcd", reason: "killed by signal 9", isWell: false),
      session(.idle, "e", reason: "nothing on its hook"),
      session(.deadShell, "f", reason: "a bare shell", isWell: false),
      session(.deadShell, "g", reason: "a bare shell"), session(.stopped, "h", reason: "stopped by ada"),
      session(.unknown, "i", reason: "who knows", isWell: false))
    #expect(
      text == [
        "  my-rig/a    alive       pid 4711, gt-x1 on its hook",
        "  my-rig/bcd  crashed     killed by signal 9",
        "                          to start it now: gt session start my-rig/bcd",
        "  my-rig/e    idle        nothing on its hook",
        "  my-rig/f    dead shell  a bare shell",
        "                          to look: tmux attach; to start it anew: gt session start my-rig/f",
        "  my-rig/g    dead shell  a bare shell",
        "  my-rig/h    stopped     stopped by ada",
        "                          to start it: gt session start my-rig/h",
        "  my-rig/i    unknown     who knows",
        "7 polecats: 1 alive, 1 crashed, 1 idle, 2 dead shell, 1 stopped, 1 unknown",
      ])
  }

  @Test func `one is not called polecats`() {
    #expect(lines(session(.idle)).last == "1 polecat: 1 idle")
  }

  @Test func `nothing from a town acts on the terminal`() {
    let evil = "\u{1B}[2J\u{7}\r\n\u{9B}31m\u{202E}"
    let text = lines(
      session(.alive, pid: 1, hook: evil, reason: evil), session(.crashed, reason: evil, isWell: false),
      session(.unknown, reason: evil, isWell: false))
    for line in text {
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0 == "\u{202E}" })
    }
    // A stranger's own name too.
    let stranger = SessionCheck(stranger: .init(rig: "rig", name: evil, session: "gt-rig-\(evil)", reason: "no name"))
    #expect(!lines(stranger).joined().contains("\u{1B}"))
  }

  // MARK: Colours

  @Test func `colours are for terminals, and for who wants them`() {
    #expect(lines(session(.alive, pid: 1), colour: true)[0] == "  my-rig/toast  \u{1B}[32malive\u{1B}[0m  pid 1")
    #expect(lines(session(.crashed, isWell: false), colour: true)[0].contains("\u{1B}[31mcrashed\u{1B}[0m"))
    #expect(lines(session(.unknown, isWell: false), colour: true)[0].contains("\u{1B}[33munknown\u{1B}[0m"))
    #expect(!lines(session(.idle), colour: true)[0].contains("\u{1B}"))
    #expect(!lines(session(.crashed), session(.alive)).joined().contains("\u{1B}"))
  }

  @Test(
    arguments: [
      (true, [:], true), (false, [:], false), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
      (true, ["TERM": "dumb"], false), (true, ["TERM": "xterm"], true),
    ] as [(Bool, [String: String], Bool)])
  func colour(isTerminal: Bool, environment: [String: String], isOn: Bool) {
    #expect((Colour(isTerminal: isTerminal, environment: environment).red("x") != "x") == isOn)
  }
}
