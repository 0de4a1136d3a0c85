// SPDX-License-Identifier: Apache-2.0

import Town

/// Agents that another tool has started.
extension Supervisor {
  /// The adoptions that this turn may begin: nobody is adopted twice at once, or while something else is
  /// done to it.
  func adoptions(of plan: Plan, starting: [LaunchOrder]) -> [AdoptionRule.Order] {
    let taken = jobs.busy.union(jobs.adopting).union(starting.map(\.agent.session))
    return plan.adoptions.filter { !taken.contains($0.agent.session) }
  }

  /// Says what is no event.
  func tell(_ remarks: [Remark]) {
    for remark in remarks { journal.remark(remark) }
  }
}
