// SPDX-License-Identifier: Apache-2.0

package import Control
internal import Glibc
package import TownFiles

/// Where the daemon is spoken to.
package enum ControlSocket {
  /// `GT_SOCKET`, or `gastown/control.sock` in the user's runtime directory.
  package static func path(environment: [String: String]) -> String {
    if let path = environment["GT_SOCKET"], !path.isEmpty { return path }
    let runtime = environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/run/user/\(getuid())"
    return "\(runtime)/gastown/control.sock"
  }

  /// A client of the town's daemon, whether or not it runs.
  package static func client(layout: TownLayout, environment: [String: String]) -> ControlClient {
    ControlClient(socketPath: path(environment: environment), town: layout.root)
  }

  /// A client of the town's daemon, only where one runs: reading commands must not wake a daemon that
  /// somebody has stopped.
  package static func clientIfRunning(layout: TownLayout, environment: [String: String]) -> ControlClient? {
    TownLock.currentHolder(layout: layout) == nil ? nil : client(layout: layout, environment: environment)
  }
}
