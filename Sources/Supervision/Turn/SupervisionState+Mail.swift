// SPDX-License-Identifier: Apache-2.0

import Town

/// The Deacon's mail: reports of agents that were started, and agents' requests about themselves.
extension SupervisionState {
  /// How many messages are taken out of the inbox by one beat at most; the rest waits for the next.
  private static let closingLimit = 50

  /// Deals with the mail that was read with this heartbeat. What has been dealt with is remembered until
  /// it is gone from the inbox, so that nothing is done twice however often it is read.
  ///
  /// - Returns: the messages that are to be taken out of the inbox.
  mutating func attendMail(_ snapshot: TownSnapshot, commands: [PersonCommand], plan: inout Plan) -> [String] {
    guard mode == .town else { return [] }
    let facts = self.facts
    guard case .known(let inbox) = beads.inbox else {
      readMailLater(at: snapshot.time, plan: &plan)
      return []
    }
    let ids = Set(inbox.map(\.id))
    plan.ledger.handledMail.formIntersection(ids)
    let agents = plan.ledger.agents
    complaints.keep { if case .request(let key) = $0 { ids.contains(key) || agents[key] != nil } else { true } }
    var fresh = inbox.filter { !plan.ledger.handledMail.contains($0.id) }
    for index in fresh.indices {
      fresh[index].sentAt = plan.ledger.clockSteps.followed(fresh[index].sentAt, now: snapshot.time)
    }

    let started = StartedRule.decide(fresh, pending: pending, snapshot: snapshot)
    pending = started.pending
    plan.ledger.handledMail.formUnion(started.handled)
    plan.events += started.events

    let busy = jobs.busy.union(plan.ledger.sessionsWithIntents).union(commands.map(\.agent.session))
    let known = plan.ledger
    let judgements = LifecycleRule.judge(
      fresh, snapshot: snapshot, busy: busy, policy: rules.policy, withdrawn: { known[$0].withdrawn },
      state: { facts.state(of: $0) }, birth: { facts.start(of: $0) })
    let waits = judgements.contains { if case .wait = $0.verdict { true } else { false } }
    if !waits { mailRetry.clear() }
    for judgement in judgements { take(judgement, at: snapshot.time, plan: &plan) }

    if waits { readMailLater(at: snapshot.time, plan: &plan) }

    let claimed = Set(plan.ledger.agents.values.compactMap { $0.lifecycle }.filter { $0.step == .claimed }.map(\.mail))
    guard !jobs.isClosingMail else { return [] }
    return Array(
      inbox.map(\.id).filter { plan.ledger.handledMail.contains($0) && !claimed.contains($0) }.prefix(Self.closingLimit)
    )
  }

  /// Has the mail read again, soon at first, and no more often than every heartbeat where that does not help.
  private mutating func readMailLater(at time: Timestamp, plan: inout Plan) {
    if let due = mailRetry.due, due > uptime {
      // Another beat has come before.
      plan.look(at: time + (due - uptime))
    } else {
      plan.look(at: time + mailRetry.plan(at: uptime, longest: rules.policy.heartbeat.active))
    }
  }

  private mutating func take(_ judgement: LifecycleRule.Judgement, at time: Timestamp, plan: inout Plan) {
    let message = judgement.message
    switch judgement.verdict {
    case .claim(let agent, let intent):
      plan.ledger.handledMail.insert(message.id)
      plan.ledger[agent].lifecycle = intent
      plan.ledger[agent].noteClaimed(intent.action)
      // What an earlier request waits for is not this one's.
      requestPauses[agent.session] = nil
    case .refuse(let agent, let reason):
      plan.ledger.handledMail.insert(message.id)
      if let agent, plan.ledger[agent].lifecycle == nil { withdraw(message, of: agent, at: time, ledger: &plan.ledger) }
      requestCounts.refused += 1
      plan.events.append(
        TownEvent(
          .lifecycleRefused, agent: agent,
          message:
            "the request \(quotedForDisplay(message.subject)) of \(displayable(message.sender)) is refused: \(reason)",
          bead: message.id, reason: reason))
    case .wait(let reason):
      tellWaiting(message.id, "the request of \(displayable(message.sender)) waits: \(reason)")
    }
  }

  /// What could not be taken out is tried again with the next heartbeat, and that is said once.
  mutating func tellUnclosed(_ failures: [String: String]) {
    for (id, reason) in failures.sorted(by: { $0.key < $1.key }) {
      tellWaiting(
        id, "the message \(displayable(id)) has been dealt with and cannot be taken out of the inbox: \(reason)")
    }
  }

  /// Says why something waits, once for each reason.
  mutating func tellWaiting(_ key: String, _ text: String) {
    if complaints.isNew(text, about: .request(key)) { journal.warning(text) }
  }
}
