// SPDX-License-Identifier: Apache-2.0

/// Whether an agent ought to be running: the guards of rules 1, 2 and 8, without regard to whether
/// it does run.
package enum WorkRule {
  /// Which of the heartbeat's duties speaks.
  package enum Rule: String, Sendable, Hashable, Codable {
    case deacon = "deacon"
    case witnesses = "witnesses"
    case pendingSpawns = "pending spawns"
    case lifecycle = "lifecycle requests"
    case sessionHealth = "session health"
    /// Agents that a person or another tool starts, and whose deaths are recorded all the same.
    case observed = "observed"
    case staleAgents = "stale agents"
    case guppViolations = "GUPP violations"
    case orphanedWork = "orphaned work"
    /// A person's command.
    case command = "a person's command"
  }

  package enum Need: Sendable, Hashable {
    /// It ought to run; for a polecat with the work on its hook.
    case run(hook: String?)
    /// It need not, or must not, and why.
    case rest(Why, reason: String)
    /// Not yet: to be looked at again then.
    case wait(until: Timestamp, reason: String)
    /// It cannot be told; nothing is done.
    case unknown(String)
  }

  package enum Why: Sendable, Hashable {
    /// A person stopped it.
    case stopped
    /// A person holds it, its rig or the town.
    case held
    /// It asked to be shut down.
    case shutDown
    /// It has nothing to do, or is finished.
    case idle
  }

  /// The rule that an agent falls under.
  package static func rule(for agent: AgentIdentity) -> Rule {
    switch agent.role {
    case .deacon: .deacon
    case .witness: .witnesses
    case .polecat: .sessionHealth
    case .mayor, .refinery, .crew: .observed
    }
  }

  /// - Parameters:
  ///   - shutdown: the agent's own request to stay down.
  ///   - steps: those of the wall clock, by which the times of beads are understood.
  package static func need(
    of observation: AgentObservation, shutdown: Shutdown?, at time: Timestamp, steps: ClockSteps, policy: Policy
  ) -> Need {
    let need = need(of: observation, at: time, steps: steps, policy: policy)
    guard let shutdown, case .run(let hook) = need, hook == shutdown.hook else { return need }
    return .rest(.shutDown, reason: shutdown.summary)
  }

  private static func need(
    of observation: AgentObservation, at time: Timestamp, steps: ClockSteps, policy: Policy
  ) -> Need {
    switch observation.hold {
    case .unknown(let reason): return .unknown(reason)
    case .known(let hold?): return .rest(hold.kind == .stop ? .stopped : .held, reason: hold.summary)
    case .known(nil): break
    }
    switch observation.agent.role {
    case .deacon, .witness:
      return .run(hook: nil)
    case .mayor, .refinery, .crew:
      return .rest(.idle, reason: "started by people and other tools, not by this rule")
    case .polecat:
      let need = polecat(bead: observation.bead, at: time, steps: steps, policy: policy)
      guard case .run(let hook?) = need, let work = observation.work, work.id == hook else { return need }
      return self.hook(hook, reading: .known(work))
    }
  }

  /// Rule 8's guards on what a polecat's bead says.
  package static func polecat(
    bead reading: Reading<Bead?>, at time: Timestamp, steps: ClockSteps, policy: Policy
  ) -> Need {
    let bead: Bead
    switch reading {
    case .unknown(let reason): return .unknown(reason)
    case .known(nil): return .rest(.idle, reason: "it has no agent bead")
    case .known(let found?): bead = found
    }
    if bead.status.isOver { return .rest(.idle, reason: "its bead \(bead.id) is \(bead.status.rawValue)") }
    guard let hook = bead.hookBead else { return .rest(.idle, reason: "nothing on its hook") }
    let since = steps.followed(bead.updatedAt, now: time)
    switch bead.agentState {
    case .done?, .nuked?, .stopped?, .dead?:
      return .rest(
        .idle, reason: "its bead says \(bead.agentState?.rawValue ?? ""), with \(displayable(hook)) on its hook")
    case .spawning? where time - since < policy.spawning && since - time < policy.spawning:
      return .wait(until: since + policy.spawning, reason: "its bead says spawning since \(bead.updatedAt)")
    default:
      return .run(hook: hook)
    }
  }

  /// What the hooked bead itself has to say: only a closed one, or a deleted one, takes the work away.
  package static func hook(_ hook: String, reading: Reading<Bead?>) -> Need {
    switch reading {
    case .unknown(let reason): .unknown(reason)
    case .known(nil): .run(hook: hook)
    case .known(let bead?):
      bead.status.isOver
        ? .rest(.idle, reason: "the work on its hook, \(displayable(hook)), is \(bead.status.rawValue)")
        : .run(hook: hook)
    }
  }
}
