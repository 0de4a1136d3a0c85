// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Glibc
import Supervision
import Tmux
import Town
import TownFiles

/// On which tmux server a town's agents are to be started from now on, by what is there already.
enum HomeServer {
  enum Choice: Hashable {
    /// The settings name one already, or the usual one is right.
    case keep
    /// Agents of the town live on the user's own server, where another tool has started them.
    case userDefault([String])
    /// It could not be found out.
    case unknown(String)
  }

  /// Whether a person may mean a tmux server by that.
  static func isAddress(_ text: String) -> Bool {
    !text.isEmpty && !text.utf8.contains(0) && (!text.contains("/") || text.hasPrefix("/"))
  }

  /// - Parameters:
  ///   - defaultSocket: where the server of a bare `tmux` listens.
  static func choose(_ snapshot: TownSnapshot, settings: TownSettings, defaultSocket: String) -> Choice {
    if settings.tmuxSocket != nil { return .keep }
    var there: [String] = []
    for observation in snapshot.agents {
      guard let place = observation.liveness.home else { continue }
      // Where some live on the town's own server, that is where they belong.
      if place.isOwnServer, place.serverName != "default" { return .keep }
      let path = Disk.canonical(place.serverName) ?? place.serverName
      if place.serverName == "default" || path == Disk.canonical(defaultSocket) {
        there.append(observation.agent.address)
      }
    }
    if !there.isEmpty { return .userDefault(there) }
    if let failure = snapshot.registryFailure ?? snapshot.tmuxFailure ?? snapshot.otherTmuxFailure {
      return .unknown(failure)
    }
    return .keep
  }

  /// Looks, writes the setting where it has to be written, and says what was done.
  static func settle(_ town: OpenTown, option: String?) async throws {
    if let option {
      let isChanged = try SettingsFile.set("tmux_socket", to: option, layout: town.layout)
      print("Agents \(isChanged ? "will be" : "are") started on the tmux server \(displayable(option)).")
      return
    }
    let path = town.world.servers.socketPath(of: .default)
    switch choose(await town.look(beads: .none).snapshot, settings: town.settings, defaultSocket: path) {
    case .keep: break
    case .userDefault(let agents):
      try SettingsFile.set("tmux_socket", to: "default", layout: town.layout)
      let names = agents.prefix(3).joined(separator: ", ") + (agents.count > 3 ? ", …" : "")
      print("Agents of this town live on your own tmux server (\(names)).")
      print("They stay there, and new agents are started there: \"tmux_socket\": \"default\" is in mayor/daemon.json.")
    case .unknown(let reason):
      print("It is unknown whether agents of this town live on your own tmux server: \(displayable(reason))")
      print("If so, run this again with: --tmux-socket default")
    }
  }
}

extension Liveness {
  /// Where an agent of this town is at home; `nil` where it is nowhere, or where that is not clear.
  fileprivate var home: Place? {
    switch self {
    case .alive(_, let place): place.isMarked || place.objection == nil ? place : nil
    case .deadShell(let shell): shell.belongsHere ? shell.place : nil
    case .dead(let corpse): corpse.place.isMarked ? corpse.place : nil
    case .absent, .unknown: nil
    }
  }
}
