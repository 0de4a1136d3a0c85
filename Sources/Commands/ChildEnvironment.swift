// SPDX-License-Identifier: Apache-2.0

/// What of our own environment may reach a process that we start.
package enum ChildEnvironment {
  /// Variables by which systemd speaks to one process, one that makes agents refuse to start, and those
  /// by which a git that runs a hook names its repository. A child that inherited them would answer in
  /// our name, or work on that repository wherever it stands.
  package static let withheld: Set<String> = [
    "CLAUDECODE", "FDSTORE", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_INDEX_FILE",
    "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_WORK_TREE", "INVOCATION_ID", "JOURNAL_STREAM",
    "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "MAINPID", "MANAGERPID", "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE", "NOTIFY_SOCKET", "SYSTEMD_EXEC_PID", "TMUX", "TMUX_PANE", "WATCHDOG_PID", "WATCHDOG_USEC",
  ]

  /// `environment` without what must not be handed on.
  package static func scrubbed(_ environment: [String: String]) -> [String: String] {
    environment.filter { !withheld.contains($0.key) }
  }
}
