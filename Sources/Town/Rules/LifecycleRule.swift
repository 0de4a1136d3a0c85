// SPDX-License-Identifier: Apache-2.0

/// Rule 4: which of the Deacon's messages are requests that are to be carried out.
///
/// A request is carried out at most once: it is claimed in the ledger before anything is done, and
/// its message is gone before anybody is ended.
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
  ///   - messages: the unread ones to the Deacon that nobody has dealt with, in any order.
  ///   - busy: sessions for which something is under way.
  ///   - state: an agent's state.json, `known(nil)` where there is none. Asked for only where the
  ///     answer depends on it.
  package static func judge(
    _ messages: [Message], snapshot: TownSnapshot, busy: Set<String>, policy: Policy,
    state: (AgentIdentity) -> Reading<[String: JSONValue]?>
  ) -> [Judgement] {
    let requests = messages.filter(LifecycleRequest.isRequest).sorted { ($0.sentAt, $0.id) < ($1.sentAt, $1.id) }
    var taken = busy
    return requests.map { message in
      let verdict = verdict(on: message, snapshot: snapshot, busy: taken, policy: policy, state: state)
      // The next request of the same agent is judged when this one is done, by what is true then.
      if case .claim(let agent, _) = verdict { taken.insert(agent.session) }
      return Judgement(message: message, verdict: verdict)
    }
  }

  private static func verdict(
    on message: Message, snapshot: TownSnapshot, busy: Set<String>, policy: Policy,
    state: (AgentIdentity) -> Reading<[String: JSONValue]?>
  ) -> Verdict {
    if snapshot.time - message.sentAt > policy.lifecycleAge {
      return .refuse(nil, reason: "it is older than \(policy.lifecycleAge.inWords)")
    }
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
    let life: ProcessLife?
    switch observation.liveness {
    case .unknown(let reason): return .wait(reason)
    case .alive(_, let place) where !place.isMarked:
      return .wait("the process in \(agent.session) has not been adopted, so it is not ended")
    case .deadShell(let shell) where shell.isAttached || !shell.belongsHere:
      return .wait(
        "the shell in \(agent.session) is \(shell.isAttached ? "looked at by a person" : "not this agent's")")
    case .alive(let found, _): life = found
    case .dead, .deadShell, .absent: life = nil
    }
    switch observation.hold {
    case .unknown(let reason): return .wait(reason)
    case .known(let hold?) where action.startsAgain: return .refuse(agent, reason: hold.summary)
    case .known: break
    }
    switch state(agent) {
    case .unknown(let reason): return .wait(reason)
    case .known(nil):
      return .refuse(agent, reason: "\(agent.stateFile) is missing, so nothing says that the agent wants it")
    case .known(let members?):
      guard case .bool(true)? = members[action.stateKey] else {
        let found = members[action.stateKey].map { "it is \($0.summary)" } ?? "it is not there"
        return .refuse(agent, reason: "\(action.stateKey) must be true in \(agent.stateFile); \(found)")
      }
    }
    return .claim(
      agent,
      LifecycleIntent(
        action: action, mail: message.id, who: message.sender, at: snapshot.time, life: life, step: .claimed))
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
