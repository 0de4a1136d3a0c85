// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Supervision
import Town
import TownFiles

/// The whole truth about the polecats of a town, as `gt session check --json` prints it.
struct CheckReport: Sendable, Encodable {
  var town: String
  var sessions: [SessionCheck]

  private enum CodingKeys: String, CodingKey {
    case town, checked, alive, crashed, idle, stopped, unknown, sessions
    case deadShell = "dead_shell"
    case notStarted = "not_started"
  }

  func count(_ state: SessionCheck.State) -> Int { sessions.count { $0.state == state } }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(town, forKey: .town)
    try container.encode(sessions.count, forKey: .checked)
    try container.encode(count(.alive), forKey: .alive)
    try container.encode(count(.crashed), forKey: .crashed)
    try container.encode(count(.idle), forKey: .idle)
    try container.encode(count(.deadShell), forKey: .deadShell)
    try container.encode(count(.notStarted), forKey: .notStarted)
    try container.encode(count(.stopped), forKey: .stopped)
    try container.encode(count(.unknown), forKey: .unknown)
    try container.encode(sessions, forKey: .sessions)
  }
}

/// Something without which nothing can be claimed of any session.
struct Unreadable: Error, CustomStringConvertible {
  var description: String
}

extension OpenTown {
  /// When an agent that is nowhere was added, where nothing else is known to have happened to it.
  func additionOnly(of observation: AgentObservation, _ ledger: Result<Ledger, any Error>) -> Timestamp? {
    // What an unreadable ledger has is not known.
    guard observation.liveness == .absent, (try? ledger.get())?[observation.agent].hasNeverRun == true,
      let history = try? HistoryFiles(layout: layout).entries(of: observation.agent.session)
    else { return nil }
    return HistoryEntry.additionOnly(history)
  }
}

/// Looks at a town for ``SessionCheckCommand``.
struct TownCheck: Sendable {
  let town: OpenTown

  /// - Throws: ``Unreadable``; `TownFileError`; `AddressError` where there is no such rig.
  func report(rig: String?) async throws -> CheckReport {
    let world = town.world
    if let rig { try AddressBook(layout: town.layout).rig(rig) }
    let beads = await world.readBeads(hooks: [])
    // Which store and which server are asked are settings.
    if beads.isBlind, let fault = town.settingsFault { throw fault }
    if beads.isBlind { throw Unreadable(description: beads.failures.joined(separator: "; ")) }
    let look = await town.look(beads: beads)
    let ledger = (try? look.ledger.get()) ?? Ledger()
    var snapshot = look.snapshot
    snapshot.noteFrozen(by: world)
    if let failure = snapshot.registryFailure ?? snapshot.tmuxFailure { throw Unreadable(description: failure) }
    for failure in snapshot.failures { complain(displayable(failure), program: "gt") }

    let polecats = snapshot.agents.filter { $0.agent.role == .polecat && (rig == nil || $0.agent.rig == rig) }
    let hooks = polecats.filter { !$0.liveness.isAlive }.compactMap { $0.bead.value.flatMap { $0?.hookBead } }
    let work = hooks.isEmpty ? [:] : await world.readAfresh(Set(hooks).sorted())
    let sessions = polecats.map { observation in
      SessionCheck(
        observation, record: ledger[observation.agent],
        hook: { work[$0] ?? .unknown("\(displayable($0)) was not read") }, at: snapshot.time,
        steps: ledger.clockSteps, policy: town.settings.policy,
        heldBack: HostRule.objection(snapshot.host, policy: town.settings.policy),
        addedAt: town.additionOnly(of: observation, look.ledger))
    }
    let strangers = snapshot.strangers.filter { rig == nil || $0.rig == rig }.map { SessionCheck(stranger: $0) }
    return CheckReport(town: town.layout.root, sessions: sessions + strangers)
  }
}
