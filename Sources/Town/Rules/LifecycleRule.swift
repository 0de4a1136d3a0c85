// SPDX-License-Identifier: Apache-2.0

/// Rule 4: which of the Deacon's messages are requests that are to be carried out.
///
/// A request is carried out at most once: it is claimed in the ledger before anything is done, and its message is
/// deleted before an agent is ended.
package enum LifecycleRule {
  package enum Verdict: Sendable, Hashable {
    case claim(AgentIdentity, LifecycleIntent)
    /// It is not carried out, now or later.
    case refuse(AgentIdentity?, reason: String)
    /// It cannot be judged yet.
    case wait(String)
  }

  package struct Judgement: Sendable, Hashable {
    package var message: Message
    package var verdict: Verdict
  }

  /// - Parameters:
  ///   - messages: the unread ones to the Deacon that are not handled yet, in any order.
  ///   - busy: sessions for which something is under way.
  ///   - state: an agent's state.json, `known(nil)` where there is none. Asked for only where the
  ///     answer depends on it.
  ///   - birth: when a process was started; `nil` where that is not known.
  ///   - withdrawn: an agent's requests that have been dealt with and may still stand in its state.json.
  package static func judge(
    _ messages: [Message], snapshot: TownSnapshot, busy: Set<String>, policy: Policy,
    withdrawn: (AgentIdentity) -> Withdrawals? = { _ in nil },
    state: (AgentIdentity) -> Reading<[String: JSONValue]?>, birth: (ProcessLife) -> Timestamp?
  ) -> [Judgement] {
    let requests = messages.filter(LifecycleRequest.isRequest).sorted { ($0.sentAt, $0.id) < ($1.sentAt, $1.id) }
    var taken = busy
    return requests.map { message in
      let verdict = verdict(
        on: message, snapshot: snapshot, busy: taken, policy: policy, withdrawn: withdrawn, state: state, birth: birth)
      // The next request of the same agent is judged when this one is done, by what is true then.
      if case .claim(let agent, _) = verdict { taken.insert(agent.session) }
      return Judgement(message: message, verdict: verdict)
    }
  }

  private static func verdict(
    on message: Message, snapshot: TownSnapshot, busy: Set<String>, policy: Policy,
    withdrawn: (AgentIdentity) -> Withdrawals?, state: (AgentIdentity) -> Reading<[String: JSONValue]?>,
    birth: (ProcessLife) -> Timestamp?
  ) -> Verdict {
    let age = snapshot.time - message.sentAt
    if age > policy.lifecycleAge {
      let sender = sender(of: message, in: snapshot)
      let agent: AgentIdentity? = if case .known(let found) = sender { found.agent } else { nil }
      return .refuse(agent, reason: "it is older than \(policy.lifecycleAge.inWords)")
    }
    if age < .zero - policy.lifecycleAge { return .refuse(nil, reason: "it claims to be from the future") }
    guard let action = LifecycleRequest.action(of: message) else {
      return .refuse(
        nil,
        reason:
          "its body asks for none of cycle, restart, shutdown and stop: \(quotedForDisplay(String(message.body.prefix(200))))"
      )
    }
    let observation: AgentObservation
    switch sender(of: message, in: snapshot) {
    case .known(let found): observation = found
    case .unknown(.refuse(let reason)): return .refuse(nil, reason: reason)
    case .unknown(.wait(let reason)): return .wait(reason)
    }
    let agent = observation.agent
    if busy.contains(agent.session) { return .wait("something else is under way for \(agent.address)") }
    // What runs elsewhere could not be told from what is gone, once this one has ended.
    if snapshot.doubt(about: observation) != nil { return .wait("a tmux server does not answer") }
    var life: ProcessLife?
    switch observation.liveness {
    case .unknown(let reason): return .wait(reason)
    case .alive(_, let place) where !place.isMarked:
      return .wait("the process in \(agent.session) has not been adopted, so it is not ended")
    case .deadShell(let shell) where shell.isSomebodyElses: return .wait(shell.whose)
    // Whoever asked to be started again has been, by a rule or a person: it is not ended once more.
    case .alive(let found, _) where action.startsAgain && isYounger(birth(found), than: message): life = nil
    // By a clock that was set back while nobody looked, nobody can tell whether it has been.
    case .alive where action.startsAgain && message.sentAt - snapshot.time > Ledger.clockTolerance: life = nil
    case .alive(let found, _): life = found
    case .dead, .deadShell, .absent: life = nil
    }
    switch observation.hold {
    case .unknown(let reason): return .wait(reason)
    case .known(let hold?) where action.startsAgain: return .refuse(agent, reason: hold.summary)
    case .known: break
    }
    let asked: String?
    switch state(agent) {
    case .unknown(let reason): return .wait(reason)
    case .known(nil):
      return .refuse(agent, reason: "\(agent.stateFile) is missing, so nothing says that the agent wants it")
    case .known(let members?):
      guard case .bool(true)? = members[action.stateKey] else {
        let found = members[action.stateKey].map { "it is \($0.summary)" } ?? "it is not there"
        return .refuse(agent, reason: "\(action.stateKey) must be true in \(agent.stateFile); \(found)")
      }
      if withdrawn(agent)?[action]?.concerns(members) == true {
        return .refuse(
          agent,
          reason:
            "\(action.stateKey) in \(agent.stateFile) is that of an earlier request, which could not be taken back"
            + " yet; a new one needs another \(LifecycleRequest.timeKey)")
      }
      asked = LifecycleRequest.time(in: members)
    }
    // By the work that is on its hook now it is known later whether there is other work.
    guard case .known(let bead) = observation.bead else {
      return .wait(observation.bead.failure ?? "its bead is not known")
    }
    return .claim(
      agent,
      LifecycleIntent(
        action: action, mail: message.id, who: message.sender, at: snapshot.time, life: life, hook: bead?.hookBead,
        step: .claimed, asked: asked))
  }

  /// A process's start is known to the second only.
  private static func isYounger(_ birth: Timestamp?, than message: Message) -> Bool {
    birth.map { $0 - message.sentAt > .seconds(1) } ?? false
  }

  private enum Doubt: Sendable { case refuse(String), wait(String) }
  private enum Found { case known(AgentObservation), unknown(Doubt) }

  /// The agent that the sender's address means, among those that there are.
  private static func sender(of message: Message, in snapshot: TownSnapshot) -> Found {
    if let reason = snapshot.registryFailure { return .unknown(.wait(reason)) }
    let candidates = Roster(rigs: snapshot.rigs.map(\.name)).candidates(address: message.sender)
    let found = snapshot.agents.filter { candidates.contains($0.agent) }
    switch found.count {
    case 1: return .known(found[0])
    case 0:
      // A directory that could not be read may hold the very agent.
      if candidates.contains(where: { $0.rig.map(snapshot.unreadableRigs.contains) ?? false }) {
        return .unknown(.wait("the agents of its rig could not be listed"))
      }
      return .unknown(.refuse("its sender is no agent of this town"))
    default:
      let names = found.map(\.agent.actor).joined(separator: " and ")
      return .unknown(.refuse("its sender may be \(names): rename one of them"))
    }
  }
}

extension JSONValue {
  /// The value in a few words, for error messages.
  package var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let text): "the text \(quotedForDisplay(text))"
    case .array, .object: kind
    }
  }
}
