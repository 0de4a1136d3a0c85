// SPDX-License-Identifier: Apache-2.0

internal import Control
internal import GastownDaemon
internal import TownFiles

extension OpenTown {
  /// Asks the town's daemon, and wakes it where its socket waits for that.
  ///
  /// - Throws: ``Unreadable`` where none can be reached; ``ControlError`` where it refuses.
  func askDaemon<Method: ControlMethod>(_ method: Method) async throws -> Method.Reply {
    let client = ControlSocket.client(layout: layout, environment: environment)
    do {
      return try await client.call(method, deadline: .seconds(180))
    } catch let error as ControlError where error.code == .unreachable {
      throw Unreadable(
        description: "no daemon can be reached (\(error)); start it with: gt daemon start, "
          + "or run one heartbeat without it: gastown-daemon --once --town \(layout.root)")
    }
  }
}
