// SPDX-License-Identifier: Apache-2.0

/// How many are started, and in which order.
extension TownRules {
  /// The Deacon first, then the Witnesses, then the rest; no more in a minute than the limit; starts one
  /// after the other. Restarts are made at once, unless many have died together.
  ///
  /// - Parameter busy: sessions that jobs are at work on.
  func pace(_ plan: inout Plan, at time: Timestamp, busy: Set<String>) {
    func rank(_ order: LaunchOrder) -> Int {
      switch order.agent.role {
      case .deacon: 0
      case .witness: 1
      case .mayor, .refinery, .crew, .polecat: 2
      }
    }
    plan.launches.sort { (rank($0), $0.agent) < (rank($1), $1.agent) }
    limit(&plan, at: time, busy: busy)
    let isMassDeath = plan.ledger.massDeath != nil
    var position = 0
    for index in plan.launches.indices where isMassDeath || !plan.launches[index].isRestart {
      plan.launches[index].delay = policy.restart.stagger * position
      position += 1
    }
  }

  private func limit(_ plan: inout Plan, at time: Timestamp, busy: Set<String>) {
    let limit = policy.restart.perMinute
    var starts = plan.ledger.starts
    // Those whose beads are just being read will be started, and are not in the ledger yet.
    for session in busy where plan.ledger.agents[session]?.launch == nil {
      starts.note(time, within: TownRules.minute)
    }
    var accepted: [LaunchOrder] = []
    for order in plan.launches {
      let opening = starts.opening(at: time, within: TownRules.minute, below: limit)
      guard opening > time else {
        starts.note(time, within: TownRules.minute)
        accepted.append(order)
        continue
      }
      plan.replaceFinding(
        of: order.agent.session, by: .wait, reason: "no more than \(limit) agents are started in a minute",
        until: opening)
      plan.look(at: opening)
    }
    plan.launches = accepted
  }

  package static let minute: Duration = .seconds(60)
}
