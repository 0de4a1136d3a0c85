// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

extension FuzzTarget {
  /// daemon/restarts.json: what is written is read as the same, and whatever it says, a turn can be taken on it.
  static let ledger = FuzzTarget("ledger", longest: 8_192) { input, town in
    town.put(input, at: town.layout.ledger)
    let records = TownRecords(layout: town.layout)
    var ledger: Ledger
    do {
      ledger = try records.ledger()
    } catch is TownFileError {
      return
    }
    // The file has milliseconds; after one writing nothing is lost any more.
    try records.write(ledger)
    let once = try records.ledger()
    try records.write(once)
    try promise("the ledger is read as it was written", try records.ledger(), equals: once)

    let now = Timestamp(seconds: 1_795_000_000)
    ledger.follow(now: now, uptime: .seconds(86_400), boot: "boot")
    ledger.follow(now: now + .seconds(3_600), uptime: .seconds(86_400), boot: "boot")
    var snapshot = TownSnapshot(time: now, boot: "boot", rigs: [Rig(name: "rig", addedAt: nil)])
    let agents = [AgentIdentity.deacon, .witness(rig: "rig"), .polecat(rig: "rig", name: "toast")]
    snapshot.agents = agents.map { agent in
      let fields = AgentFields(title: agent.bead, role: agent.role, rig: agent.rig, state: .working, hookBead: "gt-1")
      let bead = Bead(
        id: agent.bead, title: agent.bead, description: fields.description, type: "agent", createdAt: now,
        updatedAt: now)
      return AgentObservation(agent: agent, liveness: .absent, bead: .known(bead), work: bead)
    }
    let rules = TownRules(policy: Policy())
    for look in [TownRules.Look.event, .heartbeat, .hooks] {
      let plan = rules.decide(snapshot, ledger: ledger, busy: [], look: look, confirmed: Set(agents.map(\.session)))
      ledger = plan.ledger
      for finding in plan.findings { try promise("a finding can be shown", isInert(finding.reason)) }
    }
    for agent in agents {
      var policy = ledger[agent].restartPolicy
      policy.noteAttempt(at: now)
      _ = policy.noteCrash(at: now, limits: Policy.Restart())
      _ = policy.verdict(at: now, limits: Policy.Restart())
    }
    try records.write(ledger)
    let later = try records.ledger()
    try records.write(later)
    try promise("so is the one after a turn", try records.ledger(), equals: later)
  }
}
