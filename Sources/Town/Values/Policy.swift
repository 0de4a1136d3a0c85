// SPDX-License-Identifier: Apache-2.0

/// The times and limits by which the rules judge. Every one of them is a setting.
package struct Policy: Sendable, Hashable {
  /// The interval between heartbeats, by how long ago `gt` was last used.
  package struct Heartbeat: Sendable, Hashable {
    package var active: Duration = .seconds(5 * 60)
    package var quiet: Duration = .seconds(10 * 60)
    package var idle: Duration = .seconds(30 * 60)
    package var dormant: Duration = .seconds(60 * 60)
    package init() {}
  }

  /// How restarts are spaced.
  package struct Restart: Sendable, Hashable {
    /// The wait before the second restart in a row; it doubles from there. The first is at once.
    package var initial: Duration = .seconds(1)
    package var max: Duration = .seconds(5 * 60)
    /// A life this long makes the next death a first one again.
    package var stable: Duration = .seconds(10 * 60)
    /// This many crashes within the window are a crash loop.
    package var loopCount = 5
    package var loopWindow: Duration = .seconds(15 * 60)
    /// How often one that is parked is tried.
    package var probe: Duration = .seconds(10 * 60)
    /// The limit on starts of all agents in a minute.
    package var perMinute = 30
    /// How soon one who ended without an error, with work on its hook, is looked at again.
    package var exitPause: Duration = .seconds(30)
    /// A life that was begun with the arguments for taking up its conversation and is over by then was
    /// over at once.
    package var resumeTrial: Duration = .seconds(30)
    /// Between starts that are no restarts, so that a whole town does not start in one instant.
    package var stagger: Duration = .milliseconds(250)
    package init() {}
  }

  package var heartbeat = Heartbeat()
  package var restart = Restart()
  /// Longer than the deadlines of all that one job calls, taken together: a job that is still there then
  /// has escaped them, and the service manager is to know.
  package var jobLimit: Duration = .seconds(180)
  /// An agent of the town's or a rig's own that runs nowhere is marked dead when its bead is this old.
  package var stale: Duration = .seconds(15 * 60)
  /// A polecat with work on its hook whose bead has not changed for this long is stuck.
  package var gupp: Duration = .seconds(30 * 60)
  /// A polecat that reports `spawning` is left alone for this long.
  package var spawning: Duration = .seconds(5 * 60)
  /// A lifecycle request that is older than this is not carried out any more.
  package var lifecycleAge: Duration = .seconds(6 * 3_600)
  /// An agent that was started has this long to show its prompt.
  package var ready: Duration = .seconds(2 * 60)
  /// A pending spawn is given up this long after its session was first seen.
  package var spawnPrune: Duration = .seconds(5 * 60)
  /// How soon a session with a pending spawn is looked at again.
  package var spawnLook: Duration = .seconds(2)

  /// This share of the agents, but no fewer than three, dead within the window is a mass death.
  package var massShare = 0.1
  package var massWindow: Duration = .seconds(5)
  /// With less free on the town's disk, in bytes, no agent is restarted.
  package var diskFree: Int64 = 500 << 20
  /// With more pressure on the memory (PSI, "some", percent over ten seconds) no agent is restarted.
  package var memoryPressure = 60.0
  /// Roles whose agents have arguments for taking up their conversation.
  package var resuming: Set<AgentIdentity.Role> = []
  /// The first prompts of roles whose agents get it as an argument of their command.
  package var firstPrompts: [AgentIdentity.Role: String] = [:]
  /// The limits of roles that have some.
  package var limits: [AgentIdentity.Role: AgentLimits] = [:]
  /// One at an empty prompt for this long has taken its first prompt, also where that is not to be seen any more.
  package var firstPromptRest: Duration = .seconds(30)

  package init() {}
}
