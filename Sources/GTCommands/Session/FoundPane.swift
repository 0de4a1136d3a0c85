// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Supervision
import Tmux
import Town

/// The pane that is an agent's, found as the supervisor finds it, on whichever of the user's servers.
struct FoundPane: Sendable {
  let agent: AgentIdentity
  let liveness: Liveness
  let place: Liveness.Place
  let server: ServerIdentity
  let pane: PaneID
  let client: TmuxClient

  /// - Throws: ``Unreadable`` where it cannot be known; `CommandRefusal` where there is none.
  static func find(_ agent: AgentIdentity, in town: OpenTown) async throws -> FoundPane {
    let snapshot = await town.look(beads: .none).snapshot
    if let failure = snapshot.registryFailure { throw Unreadable(description: failure) }
    guard let liveness = snapshot.agents.first(where: { $0.agent == agent })?.liveness else {
      let stranger = snapshot.strangers.first { $0.session == agent.session }
      throw CommandRefusal(stranger?.reason ?? "\(agent.address) is no agent of this town")
    }
    let (place, server, pane): (Liveness.Place, ServerIdentity, String) =
      switch liveness {
      case .alive(let life, let place): (place, life.server, life.pane)
      case .dead(let corpse): (corpse.place, corpse.server, corpse.pane)
      case .deadShell(let shell): (shell.place, shell.life.server, shell.life.pane)
      case .absent:
        throw CommandRefusal("\(agent.address) has no session; start it with: gt session start \(agent.address)")
      case .unknown(let reason): throw Unreadable(description: "\(agent.address): \(reason)")
      }
    guard let id = PaneID(pane), TmuxServer(setting: place.serverName) != nil else {
      throw Unreadable(description: "\(agent.address): the data of its pane \(pane) on \(place.serverName) is invalid")
    }
    return FoundPane(
      agent: agent, liveness: liveness, place: place, server: server, pane: id,
      client: town.world.servers.client(at: place))
  }

  /// One word, as `gt session check` has it.
  var state: String {
    switch liveness {
    case .alive: "alive"
    case .dead: "dead"
    case .deadShell: "dead_shell"
    case .absent, .unknown: "unknown"
    }
  }
}
