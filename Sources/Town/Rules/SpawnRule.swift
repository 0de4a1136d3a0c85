// SPDX-License-Identifier: Apache-2.0

/// Rule 3's second half: agents that were started are told to begin once they show their prompt.
package enum SpawnRule {
  /// What is to be done about the agents that wait.
  package struct Plan: Sendable {
    package var pending: [PendingSpawn] = []
    package var begin: [Beginning] = []
    package var events: [TownEvent] = []
    package var notices: [Notice] = []
    package var nextLook: Timestamp?
  }

  /// An agent that sits at its prompt and is to be told to begin.
  package struct Beginning: Sendable, Hashable {
    package var agent: AgentIdentity
    package var life: ProcessLife
    package var spawn: PendingSpawn

    package init(agent: AgentIdentity, life: ProcessLife, spawn: PendingSpawn) {
      self.agent = agent
      self.life = life
      self.spawn = spawn
    }
  }

  /// The agents whose panes have to be read before ``decide``.
  ///
  /// - Parameter busy: sessions that are being started or typed to: they are left alone, and not read.
  package static func watched(
    _ pending: [PendingSpawn], in snapshot: TownSnapshot, busy: Set<String> = []
  ) -> [String: ProcessLife] {
    let sessions = Set(pending.map(\.session)).subtracting(busy)
    var lives: [String: ProcessLife] = [:]
    for observation in snapshot.agents where sessions.contains(observation.agent.session) {
      // Nobody types into a pane of which it is not clear, or not clear yet, that the agent sits there.
      if case .alive(let life, let place) = observation.liveness, place.isMarked || place.objection == nil,
        place.settlesIn == nil
      {
        lives[observation.agent.session] = life
      }
    }
    return lives
  }

  /// - Parameters:
  ///   - screens: what the panes show, by session; a session whose pane was not read is missing.
  ///   - busy: sessions that are being started or typed to.
  package static func decide(
    _ pending: [PendingSpawn], snapshot: TownSnapshot, screens: [String: PaneScreen], busy: Set<String>,
    ledger: inout Ledger, policy: Policy
  ) -> Plan {
    var plan = Plan()
    let time = snapshot.time
    let sessions = Set(pending.map(\.session))
    let observations = Dictionary(
      snapshot.agents.lazy.filter { sessions.contains($0.agent.session) }.map { ($0.agent.session, $0) },
      uniquingKeysWith: { first, _ in first })
    for var spawn in pending {
      guard !busy.contains(spawn.session) else {
        plan.pending.append(spawn)
        continue
      }
      guard let observation = observations[spawn.session] else {
        // An unreadable registry, or directory, makes everybody look like a stranger.
        if snapshot.registryFailure != nil || snapshot.unreadableRigs.contains(spawn.rig) {
          plan.pending.append(spawn)
        } else {
          plan.events.append(dropped(spawn, agent: nil, because: "it is no agent of this town"))
        }
        continue
      }
      let agent = observation.agent
      switch observation.liveness {
      case .unknown:
        plan.pending.append(spawn)
      case .absent, .dead, .deadShell:
        plan.events.append(dropped(spawn, agent: agent, because: "its session is gone"))
      case .alive(let life, _):
        let seen = spawn.firstSeen.map { min($0, time) } ?? time
        spawn.firstSeen = seen
        if observation.isFrozen == true {
          // Its time to become ready begins when it goes on.
          spawn.firstSeen = time
          plan.pending.append(spawn)
          continue
        }
        // A pane that could not be read says nothing, neither for the agent nor against it.
        guard let screen = screens[spawn.session] else {
          plan.pending.append(spawn)
          continue
        }
        let prompt = PromptState.judge(screen)
        if spawn.isTold == true {
          if isAtWork(prompt, on: screen, since: time - seen, policy: policy, role: agent.role) {
            plan.events += readyEvents(of: agent, life: life, spawn: spawn, isTold: true)
            // An end from now on does not come of its arguments for resuming.
            ledger[agent].isResumed = nil
            continue
          }
        } else if prompt.mayTakeText {
          plan.begin.append(Beginning(agent: agent, life: life, spawn: spawn))
          plan.pending.append(spawn)
          continue
        }
        if time - seen >= policy.spawnPrune {
          plan.events.append(dropped(spawn, agent: agent, because: "it showed no prompt for \(policy.spawnPrune)"))
        } else {
          if !prompt.isBusy, time - seen >= policy.ready, !ledger[agent].toldNotReady {
            ledger[agent].toldNotReady = true
            complain(of: agent, life: life, screen: screen, policy: policy, plan: &plan)
          }
          plan.pending.append(spawn)
        }
      }
    }
    if !plan.pending.isEmpty { plan.nextLook = time + policy.spawnLook }
    return plan
  }

  private static func complain(
    of agent: AgentIdentity, life: ProcessLife, screen: PaneScreen, policy: Policy, plan: inout Plan
  ) {
    let words = screen.lastWords(10)
    let last = words.last.map { ": \(displayable($0))" } ?? ", and its pane is empty"
    plan.events.append(
      TownEvent(
        .agentNotReady, agent: agent, message: "\(agent.address) shows no prompt after \(policy.ready)\(last)",
        pid: life.pid, reason: "no prompt in its pane"))
    plan.notices.append(.notReady(agent, after: policy.ready, lastLines: words))
  }

  /// Whether an agent that was given its first prompt as an argument shows an effect of it: it works, or the prompt
  /// stands in what it shows above an empty input line.
  private static func isAtWork(
    _ prompt: PromptState, on screen: PaneScreen, since seen: Duration, policy: Policy, role: AgentIdentity.Role
  ) -> Bool {
    switch prompt {
    case .busy: return true
    case .empty:
      // What it has printed since may have moved the prompt out of sight.
      return screen.shows(policy.firstPrompts[role] ?? "") || seen >= policy.firstPromptRest
    case .typed, .question, .inMode, .none: return false
    }
  }

  /// What is said of one that is at its work.
  package static func readyEvents(
    of agent: AgentIdentity, life: ProcessLife, spawn: PendingSpawn, isTold: Bool
  ) -> [TownEvent] {
    let how =
      isTold ? "was given its first prompt as an argument, and has taken it" : "is at its prompt and was told to begin"
    var events = [
      TownEvent(
        .agentReady, agent: agent, message: "\(agent.address) \(how)", bead: spawn.issue, pid: life.pid,
        reason: isTold ? "an effect of its first prompt was seen" : "its prompt was seen")
    ]
    if let mail = spawn.mailID {
      events.append(
        TownEvent(
          .spawnTriggered, agent: agent,
          message: "\(agent.address), announced by \(displayable(mail)), is told to begin",
          bead: spawn.issue, pid: life.pid, reason: "announced by \(displayable(mail))"))
    }
    return events
  }

  private static func dropped(_ spawn: PendingSpawn, agent: AgentIdentity?, because reason: String) -> TownEvent {
    TownEvent(
      .spawnDropped, agent: agent,
      message: "\(displayable(spawn.session)) is no longer waited for: \(reason)", bead: spawn.issue, reason: reason)
  }
}
