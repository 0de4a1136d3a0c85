// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

/// Agents that were started and have to be told to begin.
extension Supervisor {
  /// Looks after the agents that wait, and takes in those that this turn has found to be up.
  ///
  /// Nobody's start waits for the screens of others: a turn that has starts to see to leaves them to the
  /// next, but never for longer than the time between two looks at them.
  func attendSpawns(
    _ snapshot: TownSnapshot, starting: [LaunchOrder], isPressed: Bool, plan: inout Plan
  ) async -> [SpawnRule.Beginning] {
    for spawn in plan.unannounced {
      pending.removeAll { $0.session == spawn.session }
      pending.append(spawn)
    }
    // What others have started is the daemon's to look after.
    guard !pending.isEmpty, mode == .town else { return [] }
    passTime(at: snapshot.time)
    let busy = jobs.occupied.union(starting.map(\.agent.session))
    let lives = SpawnRule.watched(pending, in: snapshot, busy: busy)
    let uptime = world.uptime()
    let rest = screensRead.map { $0 + rules.policy.spawnLook - uptime } ?? .zero
    var screens: [String: PaneScreen] = [:]
    if lives.isEmpty || snapshot.tmuxFailure != nil {
      // A tmux that has just not answered is not asked again in the same turn.
    } else if isPressed, rest > .zero {
      plan.look(at: snapshot.time + rest)
    } else {
      screens = await CommandBudget.$end.withValue(turnBudgetEnd) { await world.screens(of: lives) }
      screensRead = uptime
    }
    let spawns = SpawnRule.decide(
      pending, snapshot: snapshot, screens: screens, busy: busy, ledger: &plan.ledger, policy: rules.policy)
    pending = spawns.pending
    plan.events += spawns.events
    for notice in spawns.notices { plan.tell(notice) }
    if let look = spawns.nextLook { plan.look(at: look) }
    return spawns.begin
  }

  /// An agent's time to become ready passes only while somebody looks: not while the machine is suspended or the
  /// daemon is down, and not by a clock that is set.
  private func passTime(at time: Timestamp) {
    let uptime = world.uptime()
    defer { spawnsSeen = (time, uptime) }
    guard let last = spawnsSeen else {
      for index in pending.indices { pending[index].firstSeen = nil }
      return
    }
    let passed = min(uptime - last.uptime, Supervisor.longestGap)
    let lost = time - last.time - passed
    guard lost >= Ledger.clockTolerance || lost <= .zero - Ledger.clockTolerance else { return }
    for index in pending.indices { pending[index].firstSeen = pending[index].firstSeen.map { $0 + lost } }
  }

  /// How long after a look at those who wait nobody can say what has become of them.
  private static let longestGap = Duration.seconds(30)

  /// The agent was told to begin, or could not be.
  func finishBeginning(_ beginning: SpawnRule.Beginning, failure: String?, plan: inout Plan) {
    let agent = beginning.agent
    // The life that was spoken to may be over, and the next waits for a word of its own.
    guard plan.ledger[agent].life == beginning.life else { return }
    if let failure {
      // It stays among those that wait, and is tried again at the next look.
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
