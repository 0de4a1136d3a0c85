// SPDX-License-Identifier: Apache-2.0

import Control
import ServiceLifecycle

/// Serves the control socket until the daemon is to stop.
struct ControlService: Service {
  let server: ControlServer
  let gate: ReadinessGate

  func run() async throws {
    try await server.start()
    gate.socketIsServed()
    // A listener that dies ends the daemon, and systemd starts a new one: a supervisor that nobody can
    // speak to is worse than none.
    try await withThrowingTaskGroup { group in
      group.addTask { try await server.untilEnded() }
      group.addTask {
        guard (try? await gracefulShutdown()) != nil else { return }
        await server.shutdown(grace: .seconds(2))
      }
      for try await _ in group {}
    }
  }
}
