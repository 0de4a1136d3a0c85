// SPDX-License-Identifier: Apache-2.0

package import Supervision
import Systemd
package import TownFiles

/// What a person can do to have the town's daemon run, as far as this machine allows.
package enum DaemonAdvice {
  /// The command that starts it: by its unit where there is a user manager, else by hand.
  package static func start(_ layout: TownLayout, _ environment: [String: String]) -> String {
    hasManager(environment) ? "gt daemon start" : "gastown-daemon --town \(layout.root)"
  }

  /// The command that ends it and starts it anew.
  package static func restart(_ layout: TownLayout, _ environment: [String: String]) -> String {
    "gt daemon stop && \(start(layout, environment))"
  }

  /// Why the daemon's service cannot be asked for anything, and what to do instead.
  ///
  /// - Parameter error: of the attempt.
  package static func withoutManager(_ error: any Error, _ layout: TownLayout) -> CommandRefusal {
    CommandRefusal(
      "there is no systemd user manager here (\(error)); to run the daemon by hand: gastown-daemon --town \(layout.root)"
    )
  }

  package static func hasManager(_ environment: [String: String]) -> Bool {
    LiveTown.manager(environment)?.isThere == true
  }
}
