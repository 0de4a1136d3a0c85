// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import Supervision
import UnixSignals

/// SIGUSR1 asks for a beat: the requests in the mail are read at once.
struct SignalService: Service {
  let supervisor: Supervisor

  func run() async throws {
    for await _ in await UnixSignalsSequence(trapping: .sigusr1).cancelOnGracefulShutdown() {
      await supervisor.askBeat()
    }
  }
}
