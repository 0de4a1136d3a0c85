// SPDX-License-Identifier: Apache-2.0

package import Tmux
package import Town
package import TownFiles

/// On which tmux server a town's agents are started: `GT_TMUX_SOCKET`, then the settings, then the
/// server of the town's tmux unit.
package struct TmuxAddress: Sendable, Hashable {
  package var server: TmuxServer
  /// Whether it is the server of the town's tmux unit.
  package var isUnitServer: Bool

  package init(settings: TownSettings, environment: [String: String], units: TownUnits) {
    let unitPath = units.tmuxSocket(environment: environment)
    let variable = environment["GT_TMUX_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
    let setting = (variable ?? settings.tmuxSocket).flatMap { TmuxServer(setting: $0) }
    server = setting ?? .path(unitPath)
    isUnitServer = server == .path(unitPath)
  }
}
