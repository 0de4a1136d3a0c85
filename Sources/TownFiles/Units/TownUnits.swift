// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The systemd user units of one town, by name, and the places that follow from them.
///
/// A user's first town has the plain names. Each further one has instances of the templates: the
/// instance is the town's path, escaped as `systemd-escape --path` does it.
package struct TownUnits: Sendable, Hashable {
  /// The instance; `nil` for the plain names.
  package let instance: String?

  package init(instance: String? = nil) { self.instance = instance }

  /// Those of the templates for a town.
  package init(instanceOf layout: TownLayout) {
    self.init(instance: UnitEscaping.instance(ofPath: layout.root))
  }

  package var daemon: String { name("gastown-daemon", "service") }
  package var socket: String { name("gastown-daemon", "socket") }
  package var tmux: String { name("gastown-tmux", "service") }
  package var check: String { name("gastown-check", "service") }
  package var timer: String { name("gastown-check", "timer") }

  /// The unit as a person names it to systemctl: without the `.service` that goes without saying.
  package var shortName: String { String(daemon.dropLast(".service".count)) }

  private func name(_ prefix: String, _ kind: String) -> String {
    instance.map { "\(prefix)@\($0).\(kind)" } ?? "\(prefix).\(kind)"
  }

  /// Where the socket unit listens.
  package func controlSocket(environment: [String: String]) -> String {
    let directory = "\(Self.runtimeDirectory(environment))/gastown"
    return instance.map { "\(directory)/\($0)/control.sock" } ?? "\(directory)/control.sock"
  }

  /// Where the tmux unit's server listens.
  package func tmuxSocket(environment: [String: String]) -> String {
    "\(Self.runtimeDirectory(environment))/gastown-tmux\(instance.map { "-\($0)" } ?? "")/sock"
  }

  /// Where servers of units listen on which agents of a town may be found, whichever units it has now.
  /// Servers of other towns' instances are none of them: that one of those hangs is not this town's trouble.
  package static func tmuxSockets(layout: TownLayout, environment: [String: String]) -> [String] {
    guard environment["XDG_RUNTIME_DIR"]?.isEmpty == false else { return [] }
    return [TownUnits(), TownUnits(instanceOf: layout)].map { $0.tmuxSocket(environment: environment) }
  }

  /// `XDG_RUNTIME_DIR`, or what it usually is.
  package static func runtimeDirectory(_ environment: [String: String]) -> String {
    environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/run/user/\(getuid())"
  }

  /// The longest path that a socket can have: the kernel has 108 bytes, the last one for the NUL.
  package static let longestSocketPath = 107

  /// The first socket of these units whose path is longer than the kernel takes.
  package func socketThatIsTooLong(environment: [String: String]) -> String? {
    [controlSocket(environment: environment), tmuxSocket(environment: environment)]
      .first { $0.utf8.count > Self.longestSocketPath }
  }
}
