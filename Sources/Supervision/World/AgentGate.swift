// SPDX-License-Identifier: Apache-2.0

import Processes
import TownFiles

/// The small program that is the first process of an agent's pane, waits there for the agent's control group, and
/// becomes the command: so nothing that the command starts, however early, is outside of that group.
package enum AgentGate {
  /// How long it waits, in milliseconds; then the command runs where it is.
  static let patience = 2000

  static let name = "gastown-gate"

  /// Where it is: beside this program, as it was built, or where it is installed. `nil` where it is missing.
  package static let path = Disk.canonical("/proc/self/exe").flatMap { find(besides: $0) }

  /// - Parameter program: the path of one of our programs.
  static func find(besides program: String) -> String? {
    let directory = Disk.parent(of: program)
    let places = ["\(directory)/\(name)", "\(Disk.parent(of: directory))/libexec/gastown/\(name)"]
    return places.first { ExecutableSearch.find($0, path: "") != nil }
  }
}
