// SPDX-License-Identifier: Apache-2.0

/// What the end of an attempt to start an agent means.
package enum LaunchRule {
  /// What became of an attempt to start an agent.
  package enum Outcome: Sendable, Hashable {
    /// The agent's process runs.
    case launched(ProcessLife, warnings: [String])
    /// Nothing was started and nothing is wrong: the world had moved on.
    case declined(String)
    /// tmux was asked and did not answer: it may run. The attempt stays open, and the next look tells.
    case uncertain(String)
    /// It could not be started.
    case failed(String)
  }

  /// Takes note of an outcome: the life, the count, the events and the notices.
  package static func record(
    _ outcome: Outcome, of order: LaunchOrder, at time: Timestamp, in plan: inout Plan
  ) {
    let agent = order.agent
    var record = plan.ledger[agent]
    defer { plan.ledger[agent] = record }
    let started = record.launch?.at ?? time
    if case .uncertain = outcome {} else { record.launch = nil }
    switch outcome {
    case .uncertain(let reason):
      if !order.isRestart { record.backoff.noteAttempt(at: started) }
      plan.look(at: time + TownRules.retry)
      plan.findings.append(
        Finding(
          subject: agent.address, session: agent.session, rule: order.rule, decision: .unknown, reason: reason,
          until: time + TownRules.retry))
    case .launched(let life, let warnings):
      let death = record.death
      record.life = life
      record.since = time
      record.death = nil
      record.grave = nil
      record.toldNotReady = false
      record.toldRefusal = nil
      record.shutdown = nil
      if order.isRestart { record.restarts += 1 }
      let caution = warnings.isEmpty ? "" : " (\(warnings.joined(separator: "; ")))"
      plan.events.append(
        TownEvent(
          order.isRestart ? .agentRestarted : .agentStarted, agent: agent,
          message: "\(agent.address) \(order.isRestart ? "restarted" : "started") as pid \(life.pid)\(caution)",
          bead: order.hook, pid: life.pid, cause: death?.cause, restarts: record.restarts,
          reason: order.reason.isEmpty ? order.rule.rawValue : order.reason))
      plan.unannounced.append(.of(agent, hook: order.hook, at: started))
    case .declined(let reason):
      // Not at once again: whatever declined may not show in what the rules look at.
      if !order.isRestart { record.backoff.noteAttempt(at: started) }
      plan.findings.append(
        Finding(subject: agent.address, session: agent.session, rule: order.rule, decision: .leave, reason: reason))
    case .failed(let reason):
      if !order.isRestart { record.backoff.noteAttempt(at: started) }
      plan.events.append(
        TownEvent(
          .restartFailed, agent: agent, message: "\(agent.address) could not be started: \(reason)", bead: order.hook,
          restarts: record.restarts, reason: reason))
      let work = order.hook ?? ""
      if record.toldRefusal != work {
        record.toldRefusal = work
        plan.notices.append(.cannotStart(agent, hook: order.hook, reason: reason))
      }
    }
  }
}
