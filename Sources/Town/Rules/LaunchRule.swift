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
    /// It was started, and ended at once.
    case ended(Ending)
    /// It could not be started.
    case failed(String)
  }

  /// An end that came before the process counted as a life.
  package struct Ending: Sendable, Hashable {
    package var cause: ExitCause?
    /// Its corpse, which must not be taken for another death.
    package var grave: AgentRecord.Grave?
    /// The address of the tmux server that has the corpse, as a person would give it to tmux.
    package var serverName: String?
    /// The last thing that it said.
    package var words: String?

    package init(cause: ExitCause?, grave: AgentRecord.Grave?, serverName: String? = nil, words: String?) {
      self.cause = cause
      self.grave = grave
      self.serverName = serverName
      self.words = words
    }

    /// The pane that it has left.
    var remains: DeathReport.Remains? {
      guard let grave, let serverName else { return nil }
      return DeathReport.Remains(serverName: serverName, server: grave.server, pane: grave.pane, pid: grave.pid)
    }

    package var reason: String {
      let how: String
      switch cause {
      case .signalled(let signal)?: how = "was killed by signal \(signal)"
      case .exited(let status)?: how = "exited with status \(status)"
      case .serverGone?, .sessionGone?, .shellLeft?, nil: how = "ended"
      }
      return "it \(how) at once" + (words.map { ": \(displayable($0))" } ?? "")
    }
  }

  /// Takes note of an outcome: the life, the count, the events and the notices.
  package static func record(
    _ outcome: Outcome, of order: LaunchOrder, at time: Timestamp, policy: Policy, in plan: inout Plan
  ) {
    let agent = order.agent
    var record = plan.ledger[agent]
    defer { plan.ledger[agent] = record }
    let started = record.launch?.at ?? time
    if case .uncertain = outcome {} else { record.launch = nil }
    switch outcome {
    case .uncertain(let reason):
      if !order.isRestart { record.restartPolicy.noteAttempt(at: started) }
      plan.look(at: time + TownRules.retry)
      plan.findings.append(
        Finding(
          subject: agent.address, session: agent.session, rule: order.rule, decision: .unknown, reason: reason,
          until: time + TownRules.retry))
    case .launched(let life, let warnings):
      let death = record.death
      record.life = life
      record.hook = order.hook
      record.since = time
      record.isResumed = order.resumes ? true : nil
      record.death = nil
      // What the former ones had left was ended, or told of, before it began.
      record.marks = order.mark.map { [$0] }
      record.toldNotReady = false
      record.toldRefusal = nil
      record.shutdown = nil
      if order.isRestart { record.restarts += 1 }
      if order.rule == .command, case .cleared(let parking) = record.restartPolicy.reset() {
        ParkRule.clear(parking, of: agent, because: order.reason, record: record, plan: &plan)
      }
      let caution = warnings.isEmpty ? "" : " (\(warnings.joined(separator: "; ")))"
      let manner = manner(of: order, record: record, policy: policy)
      // Of the next start only.
      if order.isRestart, !order.resumes { record.resumeFailed = nil }
      plan.events.append(
        TownEvent(
          order.isRestart ? .agentRestarted : .agentStarted, agent: agent,
          message:
            "\(agent.address) \(order.isRestart ? "restarted" : "started") as pid \(life.pid)\(manner)\(caution)",
          bead: order.hook, pid: life.pid, cause: death?.cause, restarts: record.restarts,
          reason: (order.reason.isEmpty ? order.rule.rawValue : order.reason) + caution))
      plan.unannounced.append(.of(agent, hook: order.hook, at: started, policy: policy))
    case .declined(let reason):
      // Not at once again: whatever declined may not show in what the rules look at.
      if !order.isRestart { record.restartPolicy.noteAttempt(at: started) }
      plan.findings.append(
        Finding(subject: agent.address, session: agent.session, rule: order.rule, decision: .leave, reason: reason))
    case .ended(let ending):
      if !order.isRestart { record.restartPolicy.noteAttempt(at: started) }
      if let grave = ending.grave { record.bury(grave) }
      let isRefused = order.resumes && ending.cause?.isByItself != false
      if isRefused { record.resumeFailed = true }
      let next = isRefused ? "; the next start is without its arguments for resuming" : ""
      // It counts, so it is told like any other death: where one loops, its crash reports say why.
      let report = DeathReport(
        agent, seenAt: time, cause: ending.cause, remains: ending.remains, restarts: record.restarts, hook: order.hook)
      DeathRule.tell(report, because: nil, plan: &plan)
      refuse(
        order, because: ending.reason + next, isAlert: !isRefused, cause: ending.cause, pid: ending.grave?.pid,
        record: &record, plan: &plan)
      // Nobody answers for those whom other tools start.
      guard WorkRule.rule(for: agent) != .observed else { break }
      record.death = AgentRecord.Death(
        seenAt: time, life: nil, cause: ending.cause, hook: order.hook, capsule: report.id)
      DeathRule.count(
        ending.cause, of: agent, hook: order.hook, at: time, policy: policy, record: &record, plan: &plan)
    case .failed(let reason):
      if !order.isRestart { record.restartPolicy.noteAttempt(at: started) }
      refuse(order, because: reason, record: &record, plan: &plan)
    }
  }

  /// Reports that it could not be started; to the agents in charge of it once for each piece of work.
  private static func refuse(
    _ order: LaunchOrder, because reason: String, isAlert: Bool = true, cause: ExitCause? = nil, pid: Int32? = nil,
    record: inout AgentRecord, plan: inout Plan
  ) {
    let agent = order.agent
    var event = TownEvent(
      .restartFailed, agent: agent, message: "\(agent.address) could not be started: \(reason)", bead: order.hook,
      pid: pid, cause: cause, restarts: record.restarts, reason: reason)
    let work = order.hook ?? ""
    event.isRepeated = !isAlert || record.toldRefusal == work
    plan.events.append(event)
    guard !event.isRepeated else { return }
    record.toldRefusal = work
    plan.tell(.cannotStart(agent, hook: order.hook, reason: reason))
  }

  /// How a restart deals with the agent's conversation, where it can be taken up.
  private static func manner(of order: LaunchOrder, record: AgentRecord, policy: Policy) -> String {
    guard order.isRestart, policy.resuming.contains(order.agent.role) else { return "" }
    if order.resumes { return ", with its arguments for resuming" }
    return record.resumeFailed == true ? ", without its arguments for resuming, with which it died at once" : ""
  }
}
