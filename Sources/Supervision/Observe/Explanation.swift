// SPDX-License-Identifier: Apache-2.0

package import Town

/// What a beat would do now, and why. Looks, and does nothing.
package enum Explanation {
  /// - Returns: a finding for every agent, on freshly read beads, and what could not be read.
  package static func make(world: any TownWorld, policy: Policy) async -> (findings: [Finding], failures: [String]) {
    let rules = TownRules(policy: policy)
    let ledger = (try? world.loadLedger(settingAside: false)) ?? Ledger()
    var beads = await world.readBeads(hooks: [])
    var snapshot = await world.look(beads: beads, lives: ledger.lives)
    let first = rules.decide(snapshot, ledger: ledger, busy: [])
    let doubtful = first.launches.filter { $0.rule == .sessionHealth }
    guard !doubtful.isEmpty else { return (first.findings, snapshot.failures) }
    let ids = Set(doubtful.flatMap { $0.agent.beads + ($0.hook.map { [$0] } ?? []) }).sorted()
    let fresh = await world.readAfresh(ids)
    var unread: [String: String] = [:]
    for order in doubtful {
      unread[order.agent.session] = beads.take(fresh: fresh, of: order.agent, hook: order.hook)
    }
    snapshot = await world.look(beads: beads, lives: ledger.lives)
    var plan = rules.decide(snapshot, ledger: ledger, busy: [])
    for (session, reason) in unread { plan.replaceFinding(of: session, by: .unknown, reason: reason) }
    return (plan.findings, snapshot.failures)
  }
}
