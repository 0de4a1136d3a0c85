// SPDX-License-Identifier: Apache-2.0

import Control
package import Town
import TownFiles

/// Whether a daemon supervises a town now, for reports on the next steps.
package enum DaemonPresence {
  /// Asks the daemon only where one holds the town's lock; one that does not answer is there all the same.
  package static func find(_ town: OpenTown) async -> NextStep.Daemon {
    guard let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment) else {
      return .stopped
    }
    let status = try? await client.call(Status(), deadline: .seconds(5))
    return .running(nextHeartbeat: status?.nextHeartbeat.flatMap { Timestamp($0) })
  }
}
