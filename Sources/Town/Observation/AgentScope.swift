// SPDX-License-Identifier: Apache-2.0

/// The control group of one life of an agent: a scope of the user manager that holds the agent and the processes that
/// it has started, and no others.
///
/// That the agent is in it was read from the kernel; the unit's name alone proves nothing.
package struct AgentScope: Sendable, Hashable, Codable {
  /// The unit's name, with `.scope` at its end.
  package var unit: String
  /// The group's path below the root of the hierarchy.
  package var path: String
  package var life: ProcessLife
  /// The limits that were set, where there are any.
  package var memoryMax: Int64?
  package var tasksMax: Int64?

  package var limits: AgentLimits { AgentLimits(memoryMax: memoryMax, tasksMax: tasksMax) }

  package init(unit: String, path: String, life: ProcessLife, memoryMax: Int64? = nil, tasksMax: Int64? = nil) {
    self.unit = unit
    self.path = path
    self.life = life
    self.memoryMax = memoryMax
    self.tasksMax = tasksMax
  }

  enum CodingKeys: String, CodingKey {
    case unit, path, life
    case memoryMax = "memory_max"
    case tasksMax = "tasks_max"
  }

  /// The slice of all agents.
  package static let slice = "app-gastown-agents.slice"

  /// A name that no other start has, nor ever had since boot.
  package static func unit(of agent: AgentIdentity, life: ProcessLife) -> String {
    // A unit's name has 255 bytes at most.
    "\(prefix)\(agent.session.prefix(180))-\(life.pid)-\(life.startTime).scope"
  }

  /// The unit that a group's path ends with, where that is a scope which holds one agent only: one of ours,
  /// one that tmux has made for the pane, or one of `systemd-run`'s.
  package static func unit(at path: String) -> String? {
    guard let last = path.split(separator: "/").last, last.hasSuffix(".scope"),
      [prefix, "tmux-spawn-", "run-"].contains(where: last.hasPrefix)
    else { return nil }
    return String(last)
  }

  /// Whether it was made for this very life, or by others for its pane: a process can be moved into the scope of
  /// another agent, and is not at home there.
  package var isOwn: Bool {
    !unit.hasPrefix(Self.prefix) || unit.hasSuffix("-\(life.pid)-\(life.startTime).scope")
  }

  /// Whether tmux has had it made, for a pane.
  package var isOfTmux: Bool { unit.hasPrefix("tmux-spawn-") }

  private static let prefix = "gastown-agent-"

  /// Whether a group is this one, or below it.
  package func contains(_ group: String) -> Bool { group == path || group.hasPrefix("\(path)/") }
}

/// What an agent and its children may use together; `nil` is no limit.
package struct AgentLimits: Sendable, Hashable {
  /// In bytes.
  package var memoryMax: Int64?
  /// Processes and threads.
  package var tasksMax: Int64?

  package init(memoryMax: Int64? = nil, tasksMax: Int64? = nil) {
    self.memoryMax = memoryMax
    self.tasksMax = tasksMax
  }
}

/// What the kernel says of where an agent is.
package struct AgentStanding: Sendable, Hashable {
  /// The path of its control group below the root of the hierarchy.
  package var path: String
  /// Whether all processes in that group are frozen by request.
  package var isFrozen: Bool

  package init(path: String, isFrozen: Bool) {
    self.path = path
    self.isFrozen = isFrozen
  }
}
