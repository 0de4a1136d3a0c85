// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import Supervision
import Systemd

/// Speaks with the service manager: asks the supervisor for signs of life, and says STOPPING.
///
/// It is last in the service group, so that it is the first to be notified when the daemon stops.
struct ManagerService: Service {
  let manager: ServiceManager
  let supervisor: Supervisor
  /// How long the manager waits between two signs of life; `nil` where it does not.
  let watchdogInterval: Duration?
  let announceStop: @Sendable () -> Void

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // The timer only asks; the sign of life is given by the supervisor's own loop. systemd's
        // watchdog does not run while the machine sleeps, and neither does this clock.
        guard (try? await Task.sleep(for: (watchdogInterval ?? .seconds(3_600)) / 3, clock: .suspending)) != nil else {
          break
        }
        if watchdogInterval != nil { await supervisor.askWatchdog() }
      }
    }
    announceStop()
    await manager.notify([.stopping, .status("stopping")])
  }
}
