// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import Supervision
import Systemd

/// Asks the service manager for patience while the agents of a former daemon are looked for, for as long as that
/// goes on: a tmux server that does not answer costs its whole deadline.
struct StartupService: Service {
  let manager: ServiceManager
  let supervisor: Supervisor
  let gate: ReadinessGate

  /// How much longer each time, and how often it is asked.
  static let patience: Duration = .seconds(15)
  private static let pause: Duration = .seconds(1)
  /// A first look that takes longer is none any more.
  private static let longest: Duration = .seconds(60)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !gate.isOpen, !Task.isCancelled {
        if await supervisor.health().turnAge ?? .zero < Self.longest {
          manager.post(.extendTimeout(Self.patience))
        }
        try? await Task.sleep(for: Self.pause)
      }
      // A service that ends would take the daemon with it.
      while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
    }
  }
}
