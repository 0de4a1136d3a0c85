// SPDX-License-Identifier: Apache-2.0

import Town

/// Requests that were dealt with or given up, and that may still stand in an agent's state.json: see ``Withdrawal``.
extension SupervisionState {
  /// Takes note that a message which is refused may have left its mark in the agent's state.json.
  func withdraw(_ message: Message, of agent: AgentIdentity, at time: Timestamp, ledger: inout Ledger) {
    guard let action = LifecycleRequest.action(of: message) else { return }
    switch facts.state(of: agent) {
    case .known(let members?) where members[action.stateKey] != .bool(true): break
    case .known(nil): break
    case .known(let members?):
      ledger[agent].withdraw(Withdrawal(action, asked: LifecycleRequest.time(in: members), at: time))
    case .unknown: ledger[agent].withdraw(Withdrawal(action, asked: nil, at: time))
    }
  }

  /// Takes back whatever is still asked for, where nothing else is under way for the agent.
  mutating func startWithdrawals(at time: Timestamp) {
    guard mode == .town else { return }
    let left = ledger.agents.filter { $0.value.withdrawn != nil && $0.value.lifecycle == nil }
    for (session, record) in left.sorted(by: { $0.key < $1.key }) {
      guard let withdrawals = record.withdrawn?.all, !jobs.busy.contains(session),
        requestPauses[session].map({ $0 <= time }) ?? true,
        let agent = lastLook?.snapshot.agents.first(where: { $0.agent.session == session })?.agent
      else { continue }
      start(.withdraw(withdrawals, of: agent))
    }
  }

  mutating func noteWithdrawn(
    _ agent: AgentIdentity, _ withdrawals: [Withdrawal], failure: String?, at time: Timestamp, plan: inout Plan
  ) {
    guard let failure else {
      plan.ledger[agent].noteWithdrawn(withdrawals)
      complaints.clear(.request(agent.session))
      return
    }
    pause(
      agent, at: time, for: rules.policy.heartbeat.active,
      "what \(agent.address) asks for in its state.json could not be taken back: \(failure)", plan: &plan)
  }
}
