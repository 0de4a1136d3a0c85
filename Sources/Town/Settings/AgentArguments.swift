// SPDX-License-Identifier: Apache-2.0

/// The command line of an agent: what a person wrote, what takes up its conversation, what isolates it, and its first
/// prompt where its program takes one as an argument, so that nothing has to be typed at a start.
///
/// Programs are known by their names: `claude`, `codex` and `vibe`. A command whose arguments are not all options is
/// left as it is written: it may be another of the program's commands, or end in a prompt of its own.
package struct AgentArguments: Sendable, Hashable {
  private enum Program: String { case claude, codex, vibe }

  /// A command line is readable by every user of the machine, and tmux takes 16 KB of words.
  package static let longestPrompt = 4_096

  private let agent: TownSettings.Agent
  private let program: Program?

  package init(_ agent: TownSettings.Agent) {
    self.agent = agent
    let name = agent.command.first?.split(separator: "/").last.map(String.init) ?? ""
    let program = Program(rawValue: name)
    self.program = Self.areOptions(agent.command.dropFirst(), of: program) ? program : nil
  }

  /// The first prompt, where it is given as an argument; `nil` where it is typed.
  package var firstPrompt: String? {
    guard let program, !agent.begin.isEmpty, agent.begin.utf8.count <= Self.longestPrompt,
      !agent.begin.unicodeScalars.contains("\0"), Self.areOptions(agent.resume[...], of: program)
    else { return nil }
    // Only the other two are known to take what follows `--` as it is.
    if program == .vibe, agent.begin.hasPrefix("-") { return nil }
    return agent.begin
  }

  /// The whole command line.
  ///
  /// - Parameter resumes: whether the agent takes up its conversation.
  package func line(resumes: Bool) -> [String] {
    var line = agent.command
    // Else all agents share one server, a child of the first of them, and end with it.
    if program == .codex, !line.contains("--no-daemon") { line.insert("--no-daemon", at: 1) }
    if resumes { line += agent.resume }
    guard let prompt = firstPrompt else { return line }
    if program != .vibe { line.append("--") }
    return line + [prompt]
  }

  /// Whether words are options and their values only, but for the commands that take up a conversation.
  private static func areOptions(_ words: ArraySlice<String>, of program: Program?) -> Bool {
    guard let program else { return false }
    var words = words
    if program == .codex, let first = words.first, ["resume", "fork"].contains(first) {
      words.removeFirst()
      // The conversation's id.
      if let id = words.first, !id.hasPrefix("-") { words.removeFirst() }
    }
    var mayBeValue = false
    for word in words {
      if otherEnds.contains(word) || !word.hasPrefix("-") && !mayBeValue { return false }
      // What follows an option that takes no value is a prompt.
      mayBeValue = word.hasPrefix("-") && !word.contains("=") && !flags.contains(word)
    }
    return true
  }

  /// With these the program answers once and ends, or begins elsewhere, or takes all that follows as it is.
  private static let otherEnds: Set<String> = ["--", "-p", "--print", "--bg", "--help", "--version", "--prompt"]
  /// Options without a value.
  private static let flags: Set<String> = [
    "--dangerously-skip-permissions", "--continue", "--verbose", "--no-daemon", "--last", "--yolo", "--trust",
    "--full-auto", "--search", "--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust",
  ]
}
