// SPDX-License-Identifier: Apache-2.0

/// How large a file may be to be read, in bytes. A larger one is unreadable, and nothing is done because of it.
///
/// Each is a good deal more than what belongs into such a file. Where others than the daemon write it, it is also what
/// can be read within a turn: reading JSON needs up to forty times its size of memory, and a third of a second for each
/// megabyte.
package enum FileLimit {
  /// `mayor/daemon.json`
  package static let settings = 1 << 20
  /// `mayor/rigs.json`
  package static let registry = 1 << 20
  /// An agent's own `state.json`.
  package static let agentState = 1 << 20
  /// A person's decision in `daemon/holds`.
  package static let hold = 64 << 10
  /// `spawn/pending.json`
  package static let pendingSpawns = 1 << 20
  /// `daemon/state.json` and `daemon/activity.json`
  package static let daemonState = 64 << 10
  /// The daemon's own ledger, `daemon/restarts.json`.
  package static let ledger = 16 << 20
  /// A capsule of `daemon/crashes`, which may hold 200 long lines.
  package static let capsule = 8 << 20
  /// `daemon/crashes.index` and `daemon/history.index`
  package static let evidenceIndex = 4 << 20
  /// What is read of the end of an agent's history.
  package static let history = 1 << 20
  /// PID files, and the lock's own.
  package static let processNumber = 4 << 10
  /// The environment of a process.
  package static let environment = 4 << 20
  /// A unit file.
  package static let unit = 1 << 20
}
