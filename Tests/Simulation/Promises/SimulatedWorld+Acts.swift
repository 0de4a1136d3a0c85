// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

// Held against each promise at the very act that could break it.
extension SimulatedWorld {
  /// A daemon is about to make a process for an agent.
  mutating func inspectStart(of number: Int, _ order: LaunchOrder, onOwn isOwn: Bool) {
    let agent = agents[number]
    // The one that has come last is the one that lives.
    if let pid = agent.process, processes[pid]?.isElsewhere == isOwn,
      agent.checkedAt - (processes[pid]?.bornAt ?? 0) <= 20,
      clock - agent.checkedAt <= 125 || isWithoutSocket(isOwn: !isOwn) || has(.tmuxIsSlow)
        || has(.otherTmuxIsSlow) || clock - inspector.lastTrouble <= 5_000
    {
      // Two servers know nothing of one another: in the moment after the last look nobody could prevent it.
      inspector.counts["started elsewhere in the same moment", default: 0] += 1
    } else if let pid = agent.process, isHidden(pid) {
      inspector.counts["started beside one on a server without a socket", default: 0] += 1
    } else if let pid = agent.process {
      let place = processes[pid].map { $0.isElsewhere ? "elsewhere" : "on the town's server" } ?? ""
      violate(.oneAgentOneSession, "\(agent.session) is started although pid \(pid) lives \(place)")
    }
    if let hold = agent.hold, clock - agent.heldAt > 5_000 {
      violate(.decisionsHold, "\(agent.session) is started although it is \(hold.summary)")
    }
    inspectChildren(of: number)
    inspector.counts["start (\(order.rule.rawValue))", default: 0] += 1
    guard [.deacon, .witnesses, .sessionHealth].contains(order.rule) else { return }
    inspectPace(of: number)
    guard order.rule == .sessionHealth else { return }
    switch daemon?.fresh[agent.bead] {
    case .known(let bead?)? where bead.hookBead != nil && bead.hookBead == order.hook: break
    case let reading:
      violate(.unknownIsUnknown, "\(agent.session) is started on \(reading.map { "\($0)" } ?? "nothing that was read")")
    }
  }

  private mutating func inspectPace(of number: Int) {
    // A start may follow its decision by the stagger and a slow git.
    inspector.ruleStarts.removeAll { clock - $0 >= 40_000 }
    inspector.ruleStarts.append(clock)
    guard clock - inspector.lastLostWrite > 900_000 else { return }
    if inspector.ruleStarts.count > Policy().restart.perMinute {
      violate(.noRestartLoop, "\(inspector.ruleStarts.count) starts within 40 s")
    }
    agents[number].starts.removeAll { clock - $0 >= 900_000 }
    agents[number].starts.append(clock)
    if agents[number].starts.count > Policy().restart.loopCount + 4 {
      violate(
        .noRestartLoop, "\(agents[number].session) is started \(agents[number].starts.count) times within 15 minutes")
    }
  }

  /// A daemon is about to end a living process.
  mutating func inspectKill(_ pid: Int32) {
    if let process = processes[pid], process.isPersons {
      violate(.marksProveNothing, "pid \(pid), a person's, in \(agents[process.agent].session) is ended")
    }
    guard let process = processes[pid], !process.isShell, !inspector.ending.contains(pid) else { return }
    let agent = agents[process.agent]
    let permits = agent.permits.indices.filter { index in
      let permit = agent.permits[index]
      return permit.expires > clock
        && (permit.pid == nil || permit.pid == pid || process.bornAt <= permit.sentAt + 2_000)
    }
    // What the ledger is about comes first, then a person's command.
    let intent = ledger.agents[agent.session]?.lifecycle
    let permit =
      permits.first { intent?.mail != nil && agent.permits[$0].mail == intent?.mail }
      ?? permits.first { agent.permits[$0].mail == nil } ?? permits.first
    inspector.counts["kill", default: 0] += 1
    if let permit {
      if agents[process.agent].permits.remove(at: permit).startsAgain {
        agents[process.agent].owedStartSince = clock
      }
      // Whoever goes on with that may ask this very process again.
      inspector.ending.insert(pid)
    } else {
      violate(.liveAgentIsNeverKilled, "pid \(pid) of \(agent.session) is ended, and nobody has asked for that")
    }
  }

  /// A daemon types into a pane.
  mutating func inspectTyping(into pid: Int32, for agent: AgentIdentity) {
    guard let process = processes[pid] else { return }
    if agents[process.agent].identity != agent {
      violate(.textIsText, "what was for \(agent.session) is typed to \(agents[process.agent].session)")
    }
    if process.promptAt > clock {
      violate(.textIsText, "something is typed to \(agent.session), which shows no prompt")
    }
    inspector.counts["begin", default: 0] += 1
  }

  /// A message is taken out of the Deacon's inbox: whoever asked for something must not be forgotten.
  mutating func inspectClosing(of id: String) {
    guard let request = inspector.requests[id], inbox.contains(where: { $0.id == id }) else { return }
    let session = agents[request.agent].session
    let isKept = ledger.agents.values.contains { $0.lifecycle?.mail == id } || ledger.handledMail.contains(id)
    if !isKept { violate(.requestRunsOnce, "the request \(id) of \(session) is deleted, and nothing remembers it") }
  }

  /// A message is out.
  mutating func inspectSent(_ notice: Notice) {
    inspector.counts["notice \(notice.key)", default: 0] += 1
    inspectIdleness(notice.agent.session, isAlive: true, notice.key == Notice.guppKey ? Policy().gupp : nil)
    // One of a mass death stands for others who fare alike. That of a death tells of those whom it names.
    let isForMany = notice.key == Notice.massDeathKey || notice.body.contains("Many died at once")
    for number in agents.indices {
      let isMeant =
        agents[number].identity == notice.agent || notice.body.contains("session: \(agents[number].session)\n")
      guard isMeant || (isForMany && agents[number].identity.rig == notice.agent.rig) else { continue }
      agents[number].isKnownDown = agents[number].isKnownDown || !isOwedAStart(number)
      if isMeant || notice.key != Notice.diedKey { agents[number].owedWordSince = nil }
    }
    if holdsControl(notice.subject) || holdsControl(notice.body.replacing("\n", with: " ")) {
      violate(.textIsText, "a message holds control characters: \(notice.subject.debugDescription)")
    }
  }

  /// Whether an agent is to live again whatever is told of it: what keeps it down is over, or concerns no agent.
  private func isOwedAStart(_ number: Int) -> Bool {
    let record = ledger.agents[agents[number].session]
    if extras.contains(.missingCommands), !has(.commandIsMissing), wasMissingBriefly {
      return record?.restartPolicy.parking?.reason == .noCommand
    }
    if extras.contains(.wedgedStrangers), has(.strangerIsWedged), troubles.count == 1 {
      return record?.unansweredSince != nil
    }
    return false
  }

  /// The ledger is written.
  mutating func inspectSaved() {
    var intents: [String: Int64] = [:]
    for (session, record) in ledger.agents where record.lifecycle != nil {
      intents[session] = inspector.intents[session] ?? clock
    }
    inspector.intents = intents
  }

  /// An entry of the journal.
  mutating func inspectEntry(
    _ kind: EventKind?, session: String?, pid: Int32?, bead: String?, message: String, missing: [String]
  ) {
    if holdsControl(message) { violate(.textIsText, "an entry holds control characters: \(message.debugDescription)") }
    guard let kind else { return }
    inspector.counts[kind.rawValue, default: 0] += 1
    if !missing.isEmpty { violate(.noDeathIsSilent, "\(kind.rawValue) lacks \(missing): \(message)") }
    switch kind {
    case .crashDetected:
      guard let pid else { return }
      if processes[pid] != nil { violate(.noDeathIsSilent, "pid \(pid) is called dead, and lives: \(message)") }
      inspector.crashes[pid, default: 0] += 1
      if inspector.crashes[pid, default: 0] > 1, inspector.lastLostWrite < (inspector.deaths[pid] ?? 0) {
        violate(.noDeathIsSilent, "the end of pid \(pid) is told twice: \(message)")
      }
    case .lifecycleRefused:
      if let session, let number = index[session] { agents[number].owedStartSince = nil }
    case .lifecycleExecuted:
      // One that has asked for its end, and had ended already, is told of so.
      if let session, let number = index[session] {
        agents[number].owedStartSince = nil
        agents[number].owedWordSince = nil
      }
      guard let bead, inspector.requests[bead] != nil else { return }
      inspector.requests[bead]?.executions += 1
      if inspector.requests[bead]?.executions ?? 0 > 1, clock - inspector.lastLostWrite > 900_000 {
        violate(.requestRunsOnce, "the request \(bead) is executed twice: \(message)")
      }
    case .massDeath:
      for server in servers where message.contains("tmux server (pid \(server.identity.pid)) is gone") {
        violate(.noDeathIsSilent, "the tmux server \(server.identity.pid) runs: \(message)")
      }
    case .staleAgent: inspectIdleness(session, isAlive: false, Policy().stale)
    case .orphanedWork: inspectIdleness(session, isAlive: false, .zero)
    case .spawnDropped: if let session { inspector.dropped[session] = clock }
    default: break
    }
  }

  private func holdsControl(_ text: String) -> Bool { text.utf8.contains { $0 < 0x20 || $0 == 0x7F } }
}
