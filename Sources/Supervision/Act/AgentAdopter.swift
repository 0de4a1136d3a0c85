// SPDX-License-Identifier: Apache-2.0

package import Processes
import Tmux
package import Town
package import TownFiles

/// Puts the town's mark on the pane of an agent that another tool has started. The agent itself, its session
/// and the people who look at it notice nothing.
package struct AgentAdopter: Sendable {
  private let layout: TownLayout
  private let servers: TmuxServers
  private let reader: PaneReader

  package init(layout: TownLayout, servers: TmuxServers, processes: ProcessTable) {
    self.layout = layout
    self.servers = servers
    reader = PaneReader(layout: layout, processes: processes)
  }

  /// Looks once more, and marks the pane if it is still what was seen.
  @concurrent package func adopt(_ order: AdoptionRule.Order) async -> AdoptionRule.Outcome {
    let (agent, life) = (order.agent, order.life)
    let client = servers.client(at: order.place)
    do {
      let roster = Roster(rigs: try RigRegistry(layout: layout).rigs().map(\.name))
      let seen = try await reader.read(client, isOwn: order.place.isOwnServer, roster: roster)
      guard seen.server == life.server else { return .declined("its tmux server is another by now") }
      let session = seen.panes.filter { $0.session == agent.session }
      guard let pane = session.first(where: { $0.pane == life.pane && $0.pid == life.pid }),
        case .running(life.startTime) = pane.process, !pane.isBareShell
      else { return .declined("it does not run there any more") }
      guard session.allSatisfy({ $0.mark == nil || $0.pane == pane.pane }) else {
        return .declined("another pane is the agent's by now")
      }
      // An agent that was started anew in its own pane by another tool bears the mark still.
      guard pane.belongsHere || pane.mark == layout.mark, pane.otherTown == nil else {
        return .declined("it is not this agent any more")
      }
      // The mark alone says nothing: what is adopted is this process.
      guard pane.mark != layout.mark else { return .adopted }
      guard let id = PaneID(life.pane), let mark = PaneMark(layout.adoptedMark) else {
        return .failed("its pane \(life.pane) cannot be marked")
      }
      try await client.setMark(mark, on: id, of: life.pid)
      return .adopted
    } catch let error as TmuxError where error.code == .noSuchTarget || error.code == .noServer {
      return .declined(error.reason)
    } catch {
      return .failed("\(error)")
    }
  }
}
