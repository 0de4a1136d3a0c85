// SPDX-License-Identifier: Apache-2.0

package import Control
package import TownFiles

/// Where the daemon is spoken to.
package enum ControlSocket {
  /// `GT_SOCKET`, or where the socket unit of the town listens.
  package static func path(environment: [String: String], units: TownUnits) -> String {
    if let path = environment["GT_SOCKET"], !path.isEmpty { return path }
    return units.controlSocket(environment: environment)
  }

  /// A client of the town's daemon, whether or not it runs.
  package static func client(layout: TownLayout, environment: [String: String]) -> ControlClient {
    let units = TownUnits.find(layout: layout, environment: environment)
    return ControlClient(socketPath: path(environment: environment, units: units), town: layout.root)
  }

  /// A client of the town's daemon, only where one runs: commands that only read must not start a daemon that was
  /// stopped.
  package static func clientIfRunning(layout: TownLayout, environment: [String: String]) -> ControlClient? {
    TownLock.currentHolder(layout: layout) == nil ? nil : client(layout: layout, environment: environment)
  }
}
