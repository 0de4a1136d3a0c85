// SPDX-License-Identifier: Apache-2.0

/// What was seen of one agent.
package struct AgentObservation: Sendable, Hashable {
  package var agent: AgentIdentity
  package var liveness: Liveness
  /// The agent's bead; `known(nil)` where every database was read and none has it.
  package var bead: Reading<Bead?>
  /// The bead on its hook, where that has been read; it is, before every start.
  package var work: Bead?
  /// What came of reading the bead on its hook since the last heartbeat; `nil` where it was not read.
  package var hooked: Reading<Bead?>?
  /// The decision of a person that concerns this agent, its rig or the town.
  package var hold: Reading<Hold?>
  /// Whether the agent's directory is there.
  package var hasDirectory: Bool
  /// On which repository git would work there; of a polecat only.
  package var worktree: WorktreeStanding
  /// Whether it is frozen by request; `nil` where that was not looked at.
  package var isFrozen: Bool?
  /// Why it may live on a tmux server that does not answer, even if it was seen elsewhere; `nil` where it does not.
  package var elsewhere: String?
  /// Whether its last known process has ended, of which no tmux server that answers shows anything.
  package var hasEnded = false

  package init(
    agent: AgentIdentity, liveness: Liveness, bead: Reading<Bead?>, work: Bead? = nil,
    hooked: Reading<Bead?>? = nil, hold: Reading<Hold?> = .known(nil), hasDirectory: Bool = true,
    worktree: WorktreeStanding = .sound
  ) {
    self.agent = agent
    self.liveness = liveness
    self.bead = bead
    self.work = work
    self.hooked = hooked ?? work.map { .known($0) }
    self.hold = hold
    self.hasDirectory = hasDirectory
    self.worktree = worktree
  }
}

extension AgentObservation {
  /// Why no agent can be put into the directory; `nil` where one can.
  package var objectionToDirectory: String? {
    if !hasDirectory { return "its directory \(agent.directory)/ is missing" }
    return worktree.objection.map { "its worktree \(agent.directory)/ is broken: \($0)" }
  }
}

/// One look at the town: immutable, and honest about what could not be read.
package struct TownSnapshot: Sendable {
  package var time: Timestamp
  package var boot: String
  /// Why the registry could not be read; then there are no rigs' agents below, and nothing may be
  /// concluded from their absence.
  package var registryFailure: String?
  /// Why the town's own tmux server could not be asked; then no death is known.
  package var tmuxFailure: String?
  /// Why another of the user's tmux servers could not be asked, where any agent may live there.
  package var otherTmuxFailure: String?
  package var rigs: [Rig]
  package var agents: [AgentObservation]
  package var strangers: [Census.Stranger]
  /// Rigs whose agents' directories could not be listed: some of theirs may be missing above.
  package var unreadableRigs: Set<String> = []
  /// The tmux servers that answered.
  package var servers: Set<ServerIdentity>
  /// Those that have answered before, and have not now.
  package var silentServers: Set<ServerIdentity> = []
  /// Servers that could not be asked, and stores that could not be read, each with its reason.
  package var failures: [String]
  /// What this look has found out of order and has put right, in words.
  package var mended: [String] = []
  /// Whether the host has room for more agents.
  package var host = HostReading()
  /// Programs that agents of a role run and that are not there.
  package var missingCommands: [AgentIdentity.Role: String] = [:]

  package init(
    time: Timestamp, boot: String, registryFailure: String? = nil, rigs: [Rig] = [], agents: [AgentObservation] = [],
    strangers: [Census.Stranger] = [], servers: Set<ServerIdentity> = [], failures: [String] = []
  ) {
    self.time = time
    self.boot = boot
    self.registryFailure = registryFailure
    self.rigs = rigs
    self.agents = agents
    self.strangers = strangers
    self.servers = servers
    self.failures = failures
  }

  /// Whether every tmux server has answered: only then it is known that an agent runs nowhere.
  package var tmuxIsComplete: Bool { tmuxFailure == nil && otherTmuxFailure == nil }

  /// Why an agent that was not seen to live may do so on a tmux server that could not be asked; `nil` where it does not.
  package func doubt(about observation: AgentObservation) -> String? {
    tmuxFailure ?? otherTmuxFailure ?? observation.elsewhere
  }
}
