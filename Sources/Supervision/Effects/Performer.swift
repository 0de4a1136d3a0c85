// SPDX-License-Identifier: Apache-2.0

import Town

/// Carries out effects. Each ends by itself: every call to the world has a deadline.
struct Performer: Sendable {
  let world: any TownWorld
  let journal: EventJournal
  let policy: Policy
  /// Told of each message that was sent or could not be, before the next one.
  let report: @Sendable (Notice, Outbox.Delivery) async -> Void

  /// What a turn has found that an effect goes by.
  struct Circumstances: Sendable {
    /// The last words of the agent that it touches, on their way: nothing takes its pane before.
    var words: LastWords?
    /// Whether everything of the user's is being ended, as it was asked.
    var isShuttingDown: Task<Bool, Never>?
    /// Processes that live: no clearing up may hurt one.
    var protected: Set<Int32> = []
    /// What the kernel had counted of the memory of agents that have died, by the ids of their deaths.
    var memory: [String: MemoryEvents] = [:]
    /// When the look was begun on which it was decided, in time since boot.
    var looked: Duration
    var lives = KnownLives([:])
    var clockSteps = ClockSteps()
  }

  func perform(_ effect: Effect, in circumstances: Circumstances) async -> Outcome {
    switch effect {
    case .readBeads(let hooks): .beadsRead(await world.readBeads(hooks: hooks))
    case .readAfresh(let orders): .confirmed(orders, await world.readAfresh(Effect.beads(of: orders)))
    case .readHooks(let ids): .hooksRead(ids, await world.readAfresh(ids))
    case .launch(let order, let remains): .launched(order, await launch(order, clearing: remains, in: circumstances))
    case .end(let command, let liveness, let remains):
      .ended(command, await end(command.agent, liveness, clearing: remains, in: circumstances))
    case .adopt(let order): .adopted(order, await world.adopt(order))
    case .mark(let order): .marked(order, await mark(order, in: circumstances))
    case .claimRequest(let agent, let mail):
      .requestClaimed(agent, failure: await failure { try await world.closeMail(mail) })
    case .endForRequest(let agent, let intent, let liveness, let former):
      await end(agent, liveness, for: intent, withdrawing: former, in: circumstances)
    case .withdraw(let withdrawals, let agent):
      .requestWithdrawn(
        agent, withdrawals, failure: await failure { try await world.clearRequest(withdrawals, of: agent) })
    case .closeMail(let ids): .mailClosed(failures: await closeMail(ids))
    case .send(let notices): await send(notices)
    case .announce(let announcement):
      .announced(announcement, failure: await failure { try await world.announce(announcement) })
    case .begin(let beginning):
      .begun(beginning, failure: await failure { try await world.begin(beginning.agent, life: beginning.life) })
    case .gather(let evidence): await gather(evidence, in: circumstances)
    case .confine(let agent, let life, let former):
      .confined(agent, life, await confine(agent, life, former: former, in: circumstances))
    case .limit(let agent, let scope):
      .confined(agent, scope.life, await world.confine(agent, life: scope.life, limited: scope.limits))
    case .sweep(let agent, let remains):
      .swept(agent, remains, await world.sweep(remains.of(agent), protecting: circumstances.protected))
    }
  }

  /// Why something could not be done; `nil` where it was.
  private func failure(_ body: () async throws -> Void) async -> String? {
    do {
      try await body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func launch(
    _ order: LaunchOrder, clearing remains: AgentRemains?, in circumstances: Circumstances
  ) async -> LaunchRule.Outcome {
    async let shutdown = isShuttingDown(circumstances)
    // What is left is looked for while that is waited for: there may be a thousand processes to look at.
    async let swept = clearUp(remains, of: order.agent, protecting: circumstances.protected)
    // The new process takes the pane's last screen away.
    _ = await circumstances.words?.task.value
    if let swept = await swept { journal.write(swept.lines(leftBy: order.agent)) }
    // At logout agents may end before the daemon is told to.
    if await shutdown { return .declined("everything of this user's is being ended") }
    var aged = order
    aged.lookAge = world.uptime() - circumstances.looked
    return await world.launch(aged)
  }

  private func isShuttingDown(_ circumstances: Circumstances) async -> Bool {
    if let asked = circumstances.isShuttingDown { return await asked.value }
    return await world.isShuttingDown()
  }

  /// Ends what was left, where anything is known by which it could be found.
  @concurrent private func clearUp(
    _ remains: AgentRemains?, of agent: AgentIdentity, protecting protected: Set<Int32>
  ) async -> SweepOutcome? {
    guard let remains else { return nil }
    return await world.sweep(remains.of(agent), protecting: protected)
  }

  private func end(
    _ agent: AgentIdentity, _ liveness: Liveness, clearing remains: AgentRemains?, in circumstances: Circumstances
  ) async -> EndOutcome {
    _ = await circumstances.words?.task.value
    let outcome = await world.end(agent, liveness: liveness)
    // A person who is told that it is stopped finds nothing of it at work, or is told what.
    guard case .ended(let how) = outcome, let remains else { return outcome }
    let protected = circumstances.protected.subtracting(liveness.life.map { [$0.pid] } ?? [])
    let swept = await world.sweep(remains.of(agent), protecting: protected)
    journal.write(swept.lines(leftBy: agent))
    return swept.strays.map { .ended("\(how); at work in its directory, and left alone: \($0)") } ?? outcome
  }

  private func end(
    _ agent: AgentIdentity, _ liveness: Liveness, for intent: LifecycleIntent, withdrawing former: [Withdrawal],
    in circumstances: Circumstances
  ) async -> Outcome {
    _ = await circumstances.words?.task.value
    let outcome = await world.end(agent, liveness: liveness)
    guard case .ended(let how) = outcome, !intent.isPersons else { return .requestEnded(agent, outcome, left: []) }
    do {
      try await world.clearRequest(former + [.whatever(intent.action)], of: agent)
      return .requestEnded(agent, outcome, left: [])
    } catch {
      return .requestEnded(
        agent, .ended("\(how); what it asks for in its state.json could not be taken back: \(error)"),
        left: [intent.withdrawal])
    }
  }

  private func mark(_ order: MarkOrder, in circumstances: Circumstances) async -> StaleRule.Outcome {
    let bead = await world.readAfresh([order.bead])[order.bead]
    let snapshot = await world.look(beads: .none, lives: circumstances.lives)
    let objection = StaleRule.objection(
      to: order, bead: bead, snapshot: snapshot, steps: circumstances.clockSteps, policy: policy)
    if let objection { return .declined(objection) }
    return await failure { try await world.mark(order) }.map { .failed($0) } ?? .marked
  }

  /// A store that is slow takes the rest with the next heartbeat: the job must not be overdue.
  private func closeMail(_ ids: [String]) async -> [String: String] {
    let end = world.uptime() + policy.jobLimit / 3
    var failures: [String: String] = [:]
    for id in ids where world.uptime() < end {
      failures[id] = await failure { try await world.closeMail(id) }
    }
    return failures
  }

  /// Each message is a process or several, and five hundred may be waiting. What is not sent in time is sent with the
  /// next heartbeat.
  private func send(_ notices: [Notice]) async -> Outcome {
    let end = world.uptime() + policy.jobLimit / 3
    for notice in notices where world.uptime() < end && !Task.isCancelled {
      let delivery: Outbox.Delivery
      do {
        try await world.send(notice)
        delivery = .sent
      } catch let error as Undeliverable {
        delivery = .impossible(error.description)
      } catch {
        delivery = .failed("\(error)")
      }
      await report(notice, delivery)
    }
    return .sent
  }

  private func confine(
    _ agent: AgentIdentity, _ life: ProcessLife, former: AgentScope?, in circumstances: Circumstances
  ) async -> Reading<AgentScope> {
    if let remains = AgentRemains(scope: former, marks: []) {
      let swept = await world.sweep(remains, protecting: circumstances.protected)
      journal.write(swept.lines(leftBy: agent))
    }
    return await world.confine(agent, life: life, limited: AgentLimits())
  }
}

extension AgentRemains {
  /// The same, with the agent's session.
  fileprivate func of(_ agent: AgentIdentity) -> AgentRemains {
    var remains = self
    remains.session = agent.session
    return remains
  }
}

extension Effect {
  /// The ids of all beads that these starts rely on.
  static func beads(of orders: [LaunchOrder]) -> [String] {
    Set(orders.flatMap { $0.agent.beads + ($0.hook.map { [$0] } ?? []) }).sorted()
  }
}
