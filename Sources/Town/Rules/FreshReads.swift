// SPDX-License-Identifier: Apache-2.0

/// Rule 8 starts an agent only on beads that were read after its death was seen. Other starts wait for no bead.
package struct FreshReads: Sendable {
  /// Agents whose beads could not be read, until when they are not tried again, and why.
  private var failures: [String: (until: Timestamp, reason: String)] = [:]

  package init() {}

  /// Parts the starts of a turn into those that may be made and those whose beads have to be read first. A start whose beads
  /// could not be read is put off by ``TownRules/retry``.
  ///
  /// - Parameters:
  ///   - fresh: agents, by session, whose beads have just been read, with the work on the hook that was read.
  ///   - failed: agents whose beads could not be read, and why.
  package mutating func part(
    _ orders: [LaunchOrder], fresh: [String: String?], failed: [String: String], at time: Timestamp, plan: inout Plan
  ) -> (ready: [LaunchOrder], unread: [LaunchOrder]) {
    var ready: [LaunchOrder] = []
    var unread: [LaunchOrder] = []
    for order in orders {
      let session = order.agent.session
      if order.rule != .sessionHealth {
        ready.append(order)
      } else if let (until, reason) = failures[session], until > time, until - time <= TownRules.retry {
        plan.look(at: until)
        plan.replaceFinding(of: session, by: .unknown, reason: reason, until: until)
      } else if let reason = failed[session] {
        let until = time + TownRules.retry
        failures[session] = (until, reason)
        plan.look(at: until)
        plan.replaceFinding(of: session, by: .unknown, reason: reason, until: until)
      } else if let hook = fresh[session], hook == order.hook {
        ready.append(order)
      } else {
        unread.append(order)
      }
    }
    return (ready, unread)
  }
}
