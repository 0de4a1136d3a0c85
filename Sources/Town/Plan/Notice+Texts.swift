// SPDX-License-Identifier: Apache-2.0

extension Notice {
  /// `CRASHED_POLECAT`: an agent with work to do is down, and the daemon cannot bring it back.
  package static func cannotStart(_ agent: AgentIdentity, hook: String?, reason: String) -> Notice {
    Notice(
      key: "cannot-start", agent: agent,
      subject: "\(agent.crashWord): \(agent.address) cannot be restarted",
      body: """
        \(agent.address) is down and could not be started.

        session: \(agent.session)
        hook_bead: \(displayable(hook ?? "none"))
        reason: \(displayable(reason))

        It is tried again with growing pauses. To try now: gt session start \(agent.address)
        """)
  }

  /// An agent that the daemon does not restart has died.
  package static func died(_ agent: AgentIdentity, hook: String?, cause: ExitCause?) -> Notice {
    let how = cause?.description ?? "died of an unknown cause"
    return Notice(
      key: "died", agent: agent,
      subject: "\(agent.crashWord): \(agent.address) \(how)",
      body: """
        \(agent.address) \(how).

        session: \(agent.session)
        hook_bead: \(displayable(hook ?? "none"))

        The daemon does not restart a \(agent.role.rawValue). To start it: gt session start \(agent.address)
        """)
  }

  /// An agent was started and does not show its prompt.
  package static func notReady(_ agent: AgentIdentity, after time: Duration, lastLines: [String]) -> Notice {
    Notice(
      key: "not-ready", agent: agent,
      subject: "AGENT_NOT_READY: \(agent.address) shows no prompt after \(time)",
      body: """
        \(agent.address) was started but does not show its prompt, so it was not told to begin.

        session: \(agent.session)

        Its pane's last lines:
        \(lastLines.map { "  " + displayable($0) }.joined(separator: "\n"))
        """)
  }
}

extension AgentIdentity {
  /// The original's subject for polecats, and its like for the others.
  fileprivate var crashWord: String { "CRASHED_\(role.rawValue.uppercased())" }
}
