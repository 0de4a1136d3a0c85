// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What tests see of the environment, and nothing else: what belongs to the person who runs them (HOME, the servers and
/// towns that are named there, and settings of git, tmux and beads) reaches no test and no child of one.
package enum TestEnvironment {
  package static var path: String { variable("PATH") ?? "/usr/bin:/bin" }

  package static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// The environment of programs that act in a test's own town: everything that they look for is in `directory`, and
  /// there alone.
  package static func closed(in directory: TemporaryDirectory) -> [String: String] {
    for part in ["home", "run", "users"] { directory.makeDirectory(part) }
    return TmuxFixture.environment.merging([
      "HOME": directory("home"), "XDG_RUNTIME_DIR": directory("run"), "TMUX_TMPDIR": directory("users"),
      // Also not in /tmp, where the servers of the person are.
      "GASTOWN_TMUX_TMPDIR": directory("users"),
      "GT_TMUX_SOCKET": directory("tmux"), "GIT_CONFIG_NOSYSTEM": "1",
    ]) { $1 }
  }
}
