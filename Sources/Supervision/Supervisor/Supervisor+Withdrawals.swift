// SPDX-License-Identifier: Apache-2.0

internal import Town

/// Requests that were given up. As long as the agent's state.json asks for one, any message that bears the agent's
/// name would have it carried out, hours later.
extension Supervisor {
  /// Takes note that a message which is refused may have left its mark in the agent's state.json.
  func withdraw(_ message: Message, of agent: AgentIdentity, ledger: inout Ledger) {
    guard let action = LifecycleRequest.action(of: message) else { return }
    switch world.state(of: agent) {
    case .known(let members?) where members[action.stateKey] != .bool(true): break
    case .known(nil): break
    case .known, .unknown: ledger[agent].withdrawn = action
    }
  }

  /// Takes back whatever is still asked for, where nothing else is under way for the agent.
  func startWithdrawals(at time: Timestamp) {
    guard duty == .town else { return }
    let left = ledger.agents.filter { $0.value.withdrawn != nil && $0.value.lifecycle == nil }
    for (session, record) in left.sorted(by: { $0.key < $1.key }) {
      guard let action = record.withdrawn, !jobs.busy.contains(session),
        requestPauses[session].map({ $0 <= time }) ?? true,
        let agent = lastLook?.snapshot.agents.first(where: { $0.agent.session == session })?.agent
      else { continue }
      start(.request, sessions: [session]) { world, job in
        do {
          try await world.clearRequest(action, of: agent)
          return .requestWithdrawn(job: job, agent, failure: nil)
        } catch {
          return .requestWithdrawn(job: job, agent, failure: "\(error)")
        }
      }
    }
  }

  func noteWithdrawn(_ agent: AgentIdentity, failure: String?, at time: Timestamp, plan: inout Plan) {
    guard let failure else {
      plan.ledger[agent].withdrawn = nil
      requestFailures[agent.session] = nil
      return
    }
    pause(
      agent, at: time, for: rules.policy.heartbeat.active,
      "what \(agent.address) asks for in its state.json could not be taken back: \(failure)", plan: &plan)
  }
}
