// SPDX-License-Identifier: Apache-2.0

/// The truth about one polecat's session, as `gt session check` tells it.
package struct SessionCheck: Sendable, Hashable, Codable {
  package enum State: String, Sendable, Hashable, Codable, CaseIterable {
    case alive
    /// It should run and does not.
    case crashed
    /// It need not run, and does not.
    case idle
    case deadShell = "dead_shell"
    /// It should run, and has never been started.
    case notStarted = "not_started"
    case stopped
    case unknown
  }

  package enum Supervision: String, Sendable, Hashable, Codable {
    case watched
    case backingOff = "backing_off"
    case parked, held, stopped
  }

  package var rig: String
  package var polecat: String
  package var session: String
  package var state: State
  package var hookBead: String?
  package var agentState: AgentState?
  /// The agent's process; `nil` unless it is alive.
  package var pid: Int32?
  package var supervision: Supervision
  package var reason: String?
  /// Whether it is alive and frozen by request.
  package var isFrozen = false
  /// Whether something else is in its session, so that it cannot be started. Not part of the JSON.
  package var isBlocked = false
  /// Why it is parked; `nil` where it is not. Not part of the JSON.
  package var parkedFor: Parking.Reason?
  /// What the hold on it is about; `nil` where there is none. Not part of the JSON.
  package var holdScope: Hold.Scope?
  /// Whether everything is as it should be: it runs, or need not. Not part of the JSON.
  package var isWell = true

  enum CodingKeys: String, CodingKey {
    case rig, polecat, session, state, pid, supervision, reason
    case hookBead = "hook_bead"
    case agentState = "agent_state"
    case isFrozen = "frozen"
  }

  /// Absent values are written as null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(rig, forKey: .rig)
    try container.encode(polecat, forKey: .polecat)
    try container.encode(session, forKey: .session)
    try container.encode(state, forKey: .state)
    try container.encode(hookBead, forKey: .hookBead)
    try container.encode(agentState, forKey: .agentState)
    try container.encode(pid, forKey: .pid)
    try container.encode(supervision, forKey: .supervision)
    try container.encode(reason, forKey: .reason)
    try container.encode(isFrozen, forKey: .isFrozen)
  }
}

extension SessionCheck {
  /// How a person makes room for an agent in whose session something else runs.
  package static func makingRoom(for agent: AgentIdentity) -> String {
    "to make room: end the process there, or rename its session (tmux rename-session -t \(agent.session) NAME)"
  }

  /// - Parameters:
  ///   - hook: the work on the hook, read afresh where the answer depends on it.
  ///   - steps: those of the wall clock, by which the times of beads are understood.
  ///   - heldBack: why no agent is started at present.
  ///   - addedAt: when the agent was added, or its bead last changed by a command, where its history has nothing else
  ///     that happened.
  package init(
    _ observation: AgentObservation, record: AgentRecord, hook: (String) -> Reading<Bead?>, at time: Timestamp,
    steps: ClockSteps = ClockSteps(), policy: Policy, heldBack: String? = nil, addedAt: Timestamp? = nil
  ) {
    let agent = observation.agent
    rig = agent.rig ?? ""
    polecat = agent.name ?? agent.role.rawValue
    session = agent.session
    let bead = observation.bead.value ?? nil
    hookBead = bead?.hookBead
    agentState = bead?.agentState
    pid = nil
    reason = nil
    state = .unknown

    let hold = observation.hold.value ?? nil
    let next = [
      record.restartPolicy.nextAttempt(limits: policy.restart),
      record.death?.endOfExitPause(of: agent, at: time, limits: policy.restart),
    ].compactMap(\.self).max()
    let parking = record.restartPolicy.parking
    parkedFor = parking?.reason
    holdScope = hold?.scope
    if let hold {
      supervision = hold.kind == .stop ? .stopped : .held
    } else if record.shutdown != nil, !observation.liveness.isAlive {
      supervision = .stopped
    } else if parking != nil {
      supervision = .parked
    } else if let next, next > time, !observation.liveness.isAlive {
      supervision = .backingOff
    } else {
      supervision = .watched
    }

    var need = WorkRule.need(
      of: observation, shutdown: record.shutdown, at: time, steps: steps, policy: policy)
    switch (observation.liveness, need) {
    case (.dead, .run(let work?)), (.absent, .run(let work?)), (.deadShell, .run(let work?)):
      need = WorkRule.hook(work, reading: hook(work))
    default: break
    }
    if let elsewhere = observation.elsewhere, !observation.liveness.isAlive {
      reason = elsewhere
      isWell = false
      return
    }
    switch observation.liveness {
    case .alive(let life, let place) where record.isBeside(life, place: place):
      state = .crashed
      isBlocked = true
      reason = "its own pane is gone, and another pane of its session is in the way (pid \(life.pid))"
      if case .rest = need { state = .idle } else { isWell = false }
      return
    case .alive(_, let place):
      state = .alive
      pid = observation.liveness.agentPID
      isFrozen = observation.isFrozen == true
      if isFrozen { reason = "frozen; to let it go on: gt session thaw \(agent.address)" }
      if !place.isOwnServer {
        reason = (reason.map { "\($0); " } ?? "") + "on the tmux server \(displayable(place.serverName))"
      }
      if let parking { reason = "on trial, as it was parked: \(parking.words)" }
      if let objection = place.objection {
        reason = (reason.map { "\($0); " } ?? "") + "started by another program and not adopted: \(objection)"
      }
      if let hold { reason = hold.summary }
      if let objection = observation.worktree.objection {
        reason = (reason.map { "\($0); " } ?? "") + "its worktree is broken: \(objection)"
      }
      return
    case .unknown(let why):
      reason = why
      isWell = false
      return
    case .deadShell(let shell):
      state = .deadShell
      if case .rest = need {} else { isWell = false }
      reason = "a bare shell is left in its pane" + (shell.isAttached ? ", with a person looking at it" : "")
      return
    case .dead, .absent:
      break
    }
    let ending = record.death?.cause ?? observation.liveness.corpseCause
    switch need {
    case .run(let work):
      let isUntouched =
        addedAt.map { added in
          bead.map { HistoryEntry.isUntouched($0, since: added) } ?? true
        } ?? false
      // Fixed agents are added with their town or rig, and wait for nothing.
      let isFixed = agent.name == nil
      let isNew = (isUntouched || isFixed) && record.hasNeverRun && observation.liveness == .absent
      state = isNew ? .notStarted : .crashed
      isWell = false
      let how =
        if isNew { addedAt.map { "added at \($0)" } ?? "never started" } else {
          ending?.description ?? (observation.liveness == .absent ? "no session" : "died of an unknown cause")
        }
      let directory = observation.objectionToDirectory.map { "; \($0)" } ?? ""
      reason = how + (work.map { ", with \(displayable($0)) on its hook" } ?? "") + directory
      if let parking, supervision == .parked {
        let trial = parking.nextProbe(limits: policy.restart).map { "; next trial at \($0)" } ?? ""
        reason = (reason ?? "") + "; parked: \(parking.words)\(trial)"
      }
      if let heldBack { reason = (reason ?? "") + "; restarts are held back: \(heldBack)" }
      if let next, supervision == .backingOff { reason = (reason ?? "") + "; next attempt at \(next)" }
    case .rest(.held, let why)
    where hold?.scope != .agent && hookBead == nil && observation.bead.failure == nil:
      // It would not run without the hold on its rig, or on the town, either.
      state = .idle
      reason = why
    case .rest(.stopped, let why), .rest(.held, let why), .rest(.shutDown, let why):
      state = .stopped
      reason = why
    case .rest(.idle, let why), .wait(_, let why):
      state = .idle
      reason = why
    case .unknown(let why):
      reason = why
      isWell = false
    }
  }

  /// A name found on disk that cannot be supervised.
  package init(stranger: Census.Stranger) {
    rig = stranger.rig
    polecat = displayable(stranger.name)
    session = displayable(stranger.session)
    state = .unknown
    supervision = .watched
    reason = stranger.reason
    isWell = false
  }
}

extension Liveness {
  var corpseCause: ExitCause? {
    if case .dead(let corpse) = self { corpse.cause } else { nil }
  }
}
