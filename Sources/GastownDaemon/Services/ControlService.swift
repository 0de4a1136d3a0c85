// SPDX-License-Identifier: Apache-2.0

internal import Control
internal import ServiceLifecycle

/// Serves the control socket until the daemon is to stop.
struct ControlService: Service {
  let server: ControlServer
  let gate: ReadinessGate

  func run() async throws {
    try await server.start()
    gate.socketIsServed()
    try? await gracefulShutdown()
    await server.shutdown(grace: .seconds(2))
  }
}
