// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Processes
import Supervision
import Town

/// All that is known of one agent: an entry of `gt session check --json`, and more.
struct AgentStatus: Sendable, Encodable {
  var check: SessionCheck
  var agent: AgentIdentity
  /// Since when it lives, or, where it does not, when its end was seen.
  var since: Timestamp?
  var restarts: Int
  var hold: Hold?
  /// The tmux server with its pane, and the pane there.
  var server: String?
  var pane: String?

  private enum CodingKeys: String, CodingKey {
    case agent, role, since, restarts, hold, server, pane
  }

  func encode(to encoder: any Encoder) throws {
    try check.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(agent.address, forKey: .agent)
    try container.encode(agent.role, forKey: .role)
    try container.encode(since, forKey: .since)
    try container.encode(restarts, forKey: .restarts)
    try container.encode(hold, forKey: .hold)
    try container.encode(server, forKey: .server)
    try container.encode(pane, forKey: .pane)
  }

  /// - Throws: ``Unreadable`` where nothing can be claimed.
  static func look(at agent: AgentIdentity, in town: OpenTown) async throws -> AgentStatus {
    let world = town.world
    let beads = await world.readBeads(hooks: [])
    if beads.isBlind { throw Unreadable(description: beads.failures.joined(separator: "; ")) }
    var (snapshot, ledger) = await town.look(beads: beads)
    snapshot.noteFrozen(by: world)
    if let failure = snapshot.registryFailure ?? snapshot.tmuxFailure { throw Unreadable(description: failure) }
    for failure in snapshot.failures { complain(displayable(failure), program: "gt") }
    guard let observation = snapshot.agents.first(where: { $0.agent == agent }) else {
      guard let stranger = snapshot.strangers.first(where: { $0.session == agent.session }) else {
        throw CommandRefusal("\(agent.address) is no agent of this town")
      }
      return AgentStatus(check: SessionCheck(stranger: stranger), agent: agent, restarts: 0)
    }
    let hook = observation.liveness.isAlive ? nil : observation.bead.value.flatMap { $0?.hookBead }
    let work = if let hook { await world.readAfresh([hook]) } else { [String: Reading<Bead?>]() }
    let known = (try? ledger.get()) ?? Ledger()
    let record = known[agent]
    let check = SessionCheck(
      observation, record: record, hook: { work[$0] ?? .unknown("\(displayable($0)) was not read") },
      at: snapshot.time, steps: known.clockSteps, policy: town.settings.policy,
      heldBack: HostRule.objection(snapshot.host, policy: town.settings.policy),
      addedAt: town.additionOnly(of: observation, ledger))
    var status = AgentStatus(
      check: check, agent: agent, since: record.death?.seenAt, restarts: record.restarts,
      hold: observation.hold.value ?? nil)
    switch observation.liveness {
    case .alive(let life, let place):
      let process = ProcessIdentity(pid: life.pid, startTime: life.startTime)
      status.since = ProcessTable().startOfLife(of: process).map { Timestamp(seconds: $0) }
      (status.server, status.pane) = (place.serverName, life.pane)
    case .dead(let corpse): (status.server, status.pane) = (corpse.place.serverName, corpse.pane)
    case .deadShell(let shell): (status.server, status.pane) = (shell.place.serverName, shell.life.pane)
    case .absent, .unknown: break
    }
    return status
  }

  /// For people.
  func lines(colour: Colour) -> [String] {
    var rows: [(String, String)] = []
    let word = check.state.words
    let painted =
      if check.state == .alive { colour.green(word) } else if check.isWell { word } else { colour.red(word) }
    rows.append(("state", painted))
    if let reason = check.reason { rows.append(("because", displayable(reason))) }
    if let pid = check.pid { rows.append(("pid", "\(pid)")) }
    if let since { rows.append(("since", "\(since)")) }
    rows.append(("hook", check.hookBead.map { displayable($0) } ?? "nothing"))
    if let state = check.agentState { rows.append(("says", displayable(state.rawValue))) }
    let advice = check.supervision == .parked ? "; to unpark it: gt session reset \(agent.address)" : ""
    rows.append(("restarts", "\(restarts)\(advice)"))
    if let hold { rows.append(("hold", hold.summary)) }
    rows.append(("session", check.session))
    if let server, let pane { rows.append(("server", "\(displayable(server)), pane \(pane)")) }
    return [agent.address]
      + rows.map { "  \($0.0)\(String(repeating: " ", count: 10 - $0.0.count))\($0.1)" }
  }
}
