// SPDX-License-Identifier: Apache-2.0

/// One tmux server, across restarts of it: pane ids repeat when a server is started anew.
package struct ServerIdentity: Sendable, Hashable, Codable {
  package var pid: Int32
  /// When the server started, in seconds since 1970 by its own account.
  package var startedAt: Int64

  package init(pid: Int32, startedAt: Int64) {
    self.pid = pid
    self.startedAt = startedAt
  }

  enum CodingKeys: String, CodingKey {
    case pid
    case startedAt = "started_at"
  }
}

/// One life of an agent: one process, in one pane, of one server, since one boot.
///
/// This is what makes a death a transition: the ledger remembers a life, and that life is over.
package struct ProcessLife: Sendable, Hashable, Codable {
  /// The kernel's boot id; after a reboot no agent has died; the agents are merely not started.
  package var boot: String
  package var server: ServerIdentity
  /// The pane's id, `%` and a number.
  package var pane: String
  package var pid: Int32
  /// Clock ticks since boot; with the pid it names a process for ever.
  package var startTime: UInt64

  package init(boot: String, server: ServerIdentity, pane: String, pid: Int32, startTime: UInt64) {
    self.boot = boot
    self.server = server
    self.pane = pane
    self.pid = pid
    self.startTime = startTime
  }

  enum CodingKeys: String, CodingKey {
    case boot, server, pane, pid
    case startTime = "start_time"
  }
}

/// How a process ended, as far as anyone knows.
package enum ExitCause: Sendable, Hashable, Codable, CustomStringConvertible {
  case exited(status: Int32)
  case signalled(Int32)
  /// Its tmux server went away, and the pane with it.
  case serverGone
  /// Its session was removed or renamed from outside, or its pane moved to another session.
  case sessionGone
  /// The agent's process ended and a bare login shell is left in its pane.
  case shellLeft

  /// Whether the process itself has ended, as far as is known: it was not told to, nor was its terminal taken away.
  package var isByItself: Bool {
    switch self {
    case .exited, .shellLeft: true
    // SIGHUP, SIGINT, SIGKILL and SIGTERM are sent by others; the other signals are faults of the program's own.
    case .signalled(let signal): ![1, 2, 9, 15].contains(signal)
    case .serverGone, .sessionGone: false
    }
  }

  /// In words that stand alone. What stands after a subject is ``Swift/Optional/predicate``.
  package var description: String {
    switch self {
    case .exited(let status): "exited with status \(status)"
    case .signalled(let signal): "killed by signal \(signal)"
    case .serverGone: "gone with its tmux server"
    case .sessionGone: "its session was removed or renamed, or its pane moved"
    case .shellLeft: "ended, leaving a bare shell"
    }
  }
}

extension ExitCause? {
  /// In words, of what may not be known.
  package var words: String { self?.description ?? "died of an unknown cause" }

  /// The same as the predicate of a sentence, such as one that begins with the agent's address. It holds ``words``.
  package var predicate: String {
    switch self {
    case .signalled?: "was \(words)"
    case .serverGone?: "is \(words)"
    case .sessionGone?: "is gone, as \(words)"
    case .exited?, .shellLeft?, nil: words
    }
  }
}
