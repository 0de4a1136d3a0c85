// SPDX-License-Identifier: Apache-2.0

import Town

/// Agents that were started and have to be told to begin.
extension SupervisionState {
  /// Takes in the agents that this turn has found to be up, and says whose screens are to be read now, by session.
  ///
  /// No agent's start waits for the screens of others: a turn that has starts to see to leaves them to the
  /// next, but never for longer than the time between two looks at them.
  mutating func screensWanted(
    _ snapshot: TownSnapshot, starting: [LaunchOrder], isPressed: Bool, plan: inout Plan
  ) -> [String: ProcessLife] {
    for spawn in plan.unannounced {
      pending.removeAll { $0.session == spawn.session }
      pending.append(spawn)
    }
    // What others have started is the daemon's to look after.
    guard !pending.isEmpty, mode == .town else { return [:] }
    passTime(at: snapshot.time)
    let lives = SpawnRule.watched(pending, in: snapshot, busy: busy(starting))
    // A tmux that has just not answered is not asked again in the same turn.
    guard !lives.isEmpty, snapshot.tmuxFailure == nil else { return [:] }
    let rest = screensRead.map { $0 + rules.policy.spawnLook - uptime } ?? .zero
    if isPressed, rest > .zero {
      plan.look(at: snapshot.time + rest)
      return [:]
    }
    screensRead = uptime
    return lives
  }

  /// Looks after the agents that wait.
  mutating func attendSpawns(
    _ snapshot: TownSnapshot, screens: [String: PaneScreen], starting: [LaunchOrder], plan: inout Plan
  ) -> [SpawnRule.Beginning] {
    guard !pending.isEmpty, mode == .town else { return [] }
    let spawns = SpawnRule.decide(
      pending, snapshot: snapshot, screens: screens, busy: busy(starting), ledger: &plan.ledger, policy: rules.policy)
    pending = spawns.pending
    plan.events += spawns.events
    for notice in spawns.notices { plan.tell(notice) }
    if let look = spawns.nextLook { plan.look(at: look) }
    return spawns.begin
  }

  private func busy(_ starting: [LaunchOrder]) -> Set<String> {
    jobs.occupied.union(starting.map(\.agent.session))
  }

  /// An agent's time to become ready passes only while the daemon looks: not while the machine is suspended or the
  /// daemon is down, and not by a clock that is set.
  private mutating func passTime(at time: Timestamp) {
    defer { spawnsSeen = (time, uptime) }
    guard let last = spawnsSeen else {
      for index in pending.indices { pending[index].firstSeen = nil }
      return
    }
    let passed = min(uptime - last.uptime, Self.longestGap)
    let lost = time - last.time - passed
    guard lost >= Ledger.clockTolerance || lost <= .zero - Ledger.clockTolerance else { return }
    for index in pending.indices { pending[index].firstSeen = pending[index].firstSeen.map { $0 + lost } }
  }

  /// How long after a look at the agents that wait it is unknown what has become of them.
  private static let longestGap = Duration.seconds(30)

  /// The agent was told to begin, or could not be.
  mutating func finishBeginning(_ beginning: SpawnRule.Beginning, failure: String?, plan: inout Plan) {
    let agent = beginning.agent
    // The life that was spoken to may be over, and the next waits for a word of its own.
    guard plan.ledger[agent].life == beginning.life else { return }
    if let failure {
      // It stays among the agents that wait, and is tried again at the next look.
      if complaints.isNew(failure, about: .begin(agent.session)) {
        journal.error("\(agent.address) could not be told to begin: \(failure)")
      }
      return
    }
    complaints.clear(.begin(agent.session))
    pending.removeAll { $0.session == agent.session && $0.spawnedAt == beginning.spawn.spawnedAt }
    // An end from now on does not come of its arguments for resuming.
    plan.ledger[agent].isResumed = nil
    plan.events += SpawnRule.readyEvents(of: agent, life: beginning.life, spawn: beginning.spawn, isTold: false)
  }
}
