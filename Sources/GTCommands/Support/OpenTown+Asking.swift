// SPDX-License-Identifier: Apache-2.0

import Control
import CommandSupport
import TownFiles

extension OpenTown {
  /// Asks the town's daemon, and wakes it where its socket waits for that.
  ///
  /// - Throws: ``Unreadable`` where none can be reached; ``DaemonSilence`` where one does not answer; ``ControlError``
  ///   where it refuses.
  func askDaemon<Method: ControlMethod>(_ method: Method) async throws -> Method.Reply {
    let client = ControlSocket.client(layout: layout, environment: environment)
    do {
      return try await client.ask(method, in: layout, deadline: .seconds(180))
    } catch let silence as DaemonSilence where silence.cause == .notRunning {
      throw Unreadable(
        description: "\(silence), or run one heartbeat without it: gastown-daemon --once --town \(layout.root)")
    }
  }
}
