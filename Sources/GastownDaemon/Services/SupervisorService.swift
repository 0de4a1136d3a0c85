// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import Supervision

/// Runs the supervisor until the daemon is to stop.
struct SupervisorService: Service {
  let supervisor: Supervisor

  func run() async throws {
    await withGracefulShutdownHandler {
      await supervisor.run()
    } onGracefulShutdown: {
      Task { await supervisor.stop() }
    }
  }
}
