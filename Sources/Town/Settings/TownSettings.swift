// SPDX-License-Identifier: Apache-2.0

/// The settings of one town, `mayor/daemon.json`. Everything has a default.
package struct TownSettings: Sendable, Hashable {
  /// How the agents of one role are run.
  package struct Agent: Sendable, Hashable {
    /// The program and its arguments; never a shell line.
    package var command: [String] = ["claude", "--dangerously-skip-permissions"]
    /// Arguments that are added when an agent is restarted, so that it takes up its conversation.
    package var resume: [String] = []
    /// What sets the agent to work: an argument of its command where its program takes one, else typed at its prompt.
    package var begin = "Begin."
    /// The most memory that the agent may use, in bytes; `nil` is no limit.
    package var memoryMax: Int64?
    /// The most tasks (processes and threads) that the agent may have; `nil` is no limit.
    package var tasksMax: Int64?
    package var limits: AgentLimits { AgentLimits(memoryMax: memoryMax, tasksMax: tasksMax) }
    package init() {}
  }

  /// Which bead store a town uses.
  package enum Store: String, Sendable, Hashable, CaseIterable { case auto, bd, sqlite }

  /// How long the outside commands may take.
  package struct Deadlines: Sendable, Hashable {
    package var tmux: Duration = .seconds(5)
    package var bd: Duration = .seconds(20)
    /// For everything that is done to a worktree before one restart.
    package var git: Duration = .seconds(10)
    package init() {}
  }

  /// By role, with `default` filled in for those that are not named.
  package var agents: [AgentIdentity.Role: Agent] = Dictionary(
    uniqueKeysWithValues: AgentIdentity.Role.allCases.map { ($0, Agent()) })
  {
    didSet { deriveFromRoles() }
  }
  /// A tmux server as in `tmux -S PATH`, `tmux -L NAME` or `default`; `nil` is the town's own.
  package var tmuxSocket: String?
  package var store = Store.auto
  package var policy = Policy()
  package var deadlines = Deadlines()
  /// A command that is run once per event that a person should know; empty for none.
  package var notify: [String] = []

  package init() { deriveFromRoles() }

  private mutating func deriveFromRoles() {
    policy.firstPrompts = agents.compactMapValues { AgentArguments($0).firstPrompt }
    policy.limits = agents.mapValues(\.limits).filter { $0.value != AgentLimits() }
  }

  package func agent(_ role: AgentIdentity.Role) -> Agent { agents[role] ?? Agent() }
}
