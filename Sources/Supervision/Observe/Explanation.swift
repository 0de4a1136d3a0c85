// SPDX-License-Identifier: Apache-2.0

package import Town

/// What a beat would do now, and why. Looks, and does nothing.
package struct Explanation: Sendable {
  /// A finding for every agent, on freshly read beads, each followed by what the rules that speak of
  /// stale agents and of the work on hooks would do about it.
  package var findings: [Finding]
  /// What could not be read.
  package var failures: [String]
  package var snapshot: TownSnapshot
  package var ledger: Ledger
  package var pending: [PendingSpawn]

  package static func make(world: any TownWorld, policy: Policy) async -> Explanation {
    let rules = TownRules(policy: policy)
    let ledger = (try? world.loadLedger(settingAside: false)) ?? Ledger()
    let pending = (try? world.loadPendingSpawns(settingAside: false)) ?? []
    var beads = await world.readBeads(hooks: [])
    var snapshot = await world.look(beads: beads, lives: ledger.knownLives)
    snapshot.noteFrozen(by: world)
    // No rule judges an agent whose end has been decided.
    let busy = ledger.sessionsWithIntents
    var plan = rules.decide(snapshot, ledger: ledger, busy: busy, look: .heartbeat)
    let doubtful = plan.launches.filter { $0.rule == .sessionHealth }
    let hooks = plan.hooksInDoubt.sorted()
    var unread: [String: String] = [:]
    if !doubtful.isEmpty || !hooks.isEmpty {
      let ids = Set(doubtful.flatMap { $0.agent.beads + ($0.hook.map { [$0] } ?? []) } + hooks).sorted()
      let fresh = await world.readAfresh(ids)
      for order in doubtful {
        unread[order.agent.session] = beads.take(fresh: fresh, of: order.agent, hook: order.hook)
      }
      beads.take(hooks: hooks, readings: fresh)
      snapshot = await world.look(beads: beads, lives: ledger.knownLives)
      snapshot.noteFrozen(by: world)
      plan = rules.decide(snapshot, ledger: ledger, busy: busy, look: .heartbeat)
    }
    for (session, reason) in unread { plan.replaceFinding(of: session, by: .unknown, reason: reason) }
    let duties = Dictionary(grouping: plan.dutyFindings, by: \.session)
    return Explanation(
      findings: plan.findings.flatMap { [$0] + (duties[$0.session] ?? []) }, failures: snapshot.failures,
      snapshot: snapshot, ledger: plan.ledger, pending: pending)
  }
}
