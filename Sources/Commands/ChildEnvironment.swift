// SPDX-License-Identifier: Apache-2.0

/// What of our own environment may reach a process that we start.
package enum ChildEnvironment {
  /// Variables by which systemd speaks to one process, one that makes agents refuse to start, and those
  /// by which a git that runs a hook names its repository. A child that inherited them would answer in
  /// our name, or work on that repository wherever it stands. With the mark of an agent's life, a tmux server
  /// that an agent's `gt` starts would be taken for something of that agent's, and so would all its panes.
  package static let withheld: Set<String> = [
    "CLAUDECODE", "FDSTORE", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_INDEX_FILE",
    "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_WORK_TREE", "GT_LIFE", "INVOCATION_ID",
    "JOURNAL_STREAM", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "MAINPID", "MANAGERPID",
    "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE", "NOTIFY_SOCKET", "SYSTEMD_EXEC_PID", "TMUX", "TMUX_PANE", "WATCHDOG_PID", "WATCHDOG_USEC",
  ]

  /// What our own units set for this process alone. An agent's environment may have it for reasons of its own.
  package static let own: Set<String> = [
    "MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "SWIFT_BACKTRACE",
  ]

  /// `environment` without what must not be handed on.
  package static func scrubbed(_ environment: [String: String]) -> [String: String] {
    environment.filter { !withheld.contains($0.key) && !own.contains($0.key) }
  }

  /// `environment` for a command that runs `bd`, or may do so in a hook: without what would turn `bd` away from its
  /// database, or change what it prints. It cuts its lists shorter, for one, where CLAUDE_CODE is set. What a command is
  /// to have of these is set for it.
  package static func withoutBeads(_ environment: [String: String]) -> [String: String] {
    scrubbed(environment).filter {
      !$0.key.hasPrefix("BD_") && !$0.key.hasPrefix("BEADS_") && $0.key != "CLAUDE_CODE"
    }
  }
}
