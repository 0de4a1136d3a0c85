// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Tmux
package import Town

/// On which tmux server a town's agents are started: `GT_TMUX_SOCKET`, then the settings, then the
/// server of `gastown-tmux.service`.
package struct TmuxAddress: Sendable, Hashable {
  package var server: TmuxServer
  /// Whether it is the server of `gastown-tmux.service`.
  package var isUnitServer: Bool

  package init(settings: TownSettings, environment: [String: String]) {
    let runtime = environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/run/user/\(getuid())"
    let unitPath = "\(runtime)/gastown-tmux/sock"
    let variable = environment["GT_TMUX_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
    let setting = (variable ?? settings.tmuxSocket).flatMap { TmuxServer(setting: $0) }
    server = setting ?? .path(unitPath)
    isUnitServer = server == .path(unitPath)
  }
}
