// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

/// What is added to the command that a person wrote.
@Suite struct AgentArgumentsTests {
  private func line(
    _ command: [String], resume: [String] = [], begin: String = "Begin.", resumes: Bool = false
  ) -> [String] {
    AgentArguments(agent(command, resume: resume, begin: begin)).line(resumes: resumes)
  }

  private func agent(_ command: [String], resume: [String] = [], begin: String = "Begin.") -> TownSettings.Agent {
    var agent = TownSettings.Agent()
    (agent.command, agent.resume, agent.begin) = (command, resume, begin)
    return agent
  }

  @Test func `Claude, Codex and vibe get their first prompt as an argument, fresh and resumed`() {
    #expect(
      line(["claude", "--dangerously-skip-permissions"]) == [
        "claude", "--dangerously-skip-permissions", "--", "Begin.",
      ])
    #expect(
      line(["/opt/bin/claude", "--model", "x"], resume: ["--continue"], resumes: true) == [
        "/opt/bin/claude", "--model", "x", "--continue", "--", "Begin.",
      ])
    #expect(line(["codex"]) == ["codex", "--no-daemon", "--", "Begin."])
    #expect(
      line(["codex", "-m", "x"], resume: ["resume", "--last"], resumes: true) == [
        "codex", "--no-daemon", "-m", "x", "resume", "--last", "--", "Begin.",
      ])
    #expect(
      line(["codex"], resume: ["resume", "01a2"], begin: "-x", resumes: true) == [
        "codex", "--no-daemon", "resume", "01a2", "--", "-x",
      ])
    #expect(line(["vibe", "--yolo"]) == ["vibe", "--yolo", "Begin."])
    #expect(line(["vibe"], begin: "-x") == ["vibe"])
  }

  @Test func `Codex shares no server with others`() {
    #expect(line(["codex", "--no-daemon"]) == ["codex", "--no-daemon", "--", "Begin."])
    #expect(line(["codex"], begin: "") == ["codex", "--no-daemon"])
  }

  /// It may have a prompt of its own, answer once, or be another of the program's commands.
  @Test(arguments: [
    ["claude", "Do this."], ["claude", "--dangerously-skip-permissions", "Do this."], ["claude", "-p", "x"],
    ["claude", "--", "Do this."], ["claude", "mcp", "serve"], ["claude", "--allowedTools", "A", "B"],
    ["codex", "exec", "x"], ["codex", "app-server"], ["codex", "-m", "x", "Do this."],
    ["sh", "-c", "claude"], ["claude.sh"], ["my-codex"], ["agent"],
  ])
  func `a command that may have more than options stays as it is, and is typed at`(command: [String]) {
    #expect(line(command) == command)
    #expect(AgentArguments(agent(command)).firstPrompt == nil)
  }

  @Test func `nothing that takes a question away is added`() {
    for command in [["claude"], ["codex"], ["vibe"]] {
      for word in ["skip", "bypass", "yolo", "trust"] { #expect(!line(command).contains { $0.contains(word) }) }
    }
  }

  @Test func `a prompt that is too long for an argument, or is none, is typed`() {
    let long = String(repeating: "x", count: AgentArguments.longestPrompt)
    #expect(line(["claude"], begin: long).last == long)
    for begin in [long + "x", "", "a\0b"] {
      #expect(line(["claude"], begin: begin) == ["claude"])
      #expect(AgentArguments(agent(["claude"], begin: begin)).firstPrompt == nil)
    }
  }

  @Test func `which roles are not typed at follows from their commands`() {
    var settings = TownSettings()
    #expect(settings.policy.firstPrompts.count == AgentIdentity.Role.allCases.count)
    settings.agents[.polecat]?.command = ["agent"]
    settings.agents[.crew]?.begin = "Go on."
    #expect(settings.policy.firstPrompts[.polecat] == nil && settings.policy.firstPrompts[.crew] == "Go on.")
  }
}
