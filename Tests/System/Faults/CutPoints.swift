// SPDX-License-Identifier: Apache-2.0

import Faults

/// At which points each test has the daemon, or `gt`, killed: lines as `Fault` reads them.
enum CutPoints {
  /// From an agent's death to the order to begin that its successor gets.
  static let death = [
    [
      "save-ledger.before", "file.written restarts.json", "save-ledger.after", "append-history.before",
      "append-history.after", "write-capsule.before", "file.written gt-rig1-toast.json", "write-capsule.after",
      "prune-evidence.before", "prune-evidence.after", "save-ledger.before 2",
    ],
    [
      "launch.before", "launch.refreshed", "launch.created", "launch.after", "save-ledger.before 3",
      "save-ledger.after 3", "save-pending.before", "file.written pending.json", "save-pending.after",
      "begin.before", "begin.typed", "begin.submitted", "begin.after",
    ],
    [
      "save-pending.before 2", "save-pending.after 2", "save-ledger.after 4", "sweep.before", "sweep.killed",
      "sweep.after", "confine.before", "scope.made", "confine.after",
    ],
  ]

  /// An agent asks to be started anew: the steps that the ledger knows, which are also tried with `bd`.
  static let request = [
    "save-ledger.before claimed", "save-ledger.after claimed", "close-mail.after", "save-ledger.after ending",
    "end.after", "clear-request.after", "save-ledger.after ended", "launch.after",
  ]

  /// What is between these.
  static let requestDetails = [
    "close-mail.before", "save-ledger.before ending", "end.before", "end.asked", "end.killed", "end.gone",
    "clear-request.before", "file.written toast/state.json", "save-ledger.before ended", "launch.before",
    "launch.created", "save-ledger.before 4", "save-ledger.after 4", "save-ledger.after 5",
  ]

  /// A person's commands, by the daemon or by `gt` alone. A stop that was cut off is repeated.
  static let stop = [
    "set-hold.before", "file.written holds/gt-rig1-toast", "set-hold.after", "end.before", "end.asked", "end.gone",
    "end.after", "save-ledger.before", "save-ledger.after",
  ]
  static let start = ["set-hold.before", "set-hold.after", "launch.before", "launch.created", "launch.after"]
  /// One that was begun is finished, whether or not it is repeated.
  static let restart = [
    "save-ledger.after ending", "end.before", "end.asked", "end.gone", "end.after", "save-ledger.before ended",
    "save-ledger.after ended", "launch.before", "launch.created", "launch.after",
  ]
  /// `gt` alone, and nobody has to go on with it.
  static let other = ["freeze.asked", "inject.typed"]

  /// An agent that another tool has started, and has announced.
  static let announced = [
    "save-pending.before", "save-pending.after", "close-mail.before", "close-mail.after", "adopt.before",
    "adopt.after", "begin.typed", "begin.after",
  ]

  /// A heartbeat with somebody to tell, and somebody to mark.
  static let orphan = ["send.before", "send.one", "send.after", "save-ledger.before", "save-ledger.after"]
  static let stale = ["mark.before", "mark.after", "save-ledger.before", "save-ledger.after"]
  static let heartbeat = ["save-heartbeat.before", "file.written daemon/state.json", "save-heartbeat.after"]

  /// The agents' tmux server is gone, and all of them with it.
  static let server = [
    ["announce.before", "launch.server-started"], ["announce.after", "launch.created"],
  ]

  /// The daemon begins, with a death that nobody has seen, and is stopped.
  static let beginning = [
    "start.locked", "load-ledger.before", "load-ledger.after", "load-pending.before",
    "load-pending.after", "start.ready", "save-ledger.after",
  ]
  static let end = ["stop.announced", "stop.marked"]

  /// A worktree is refreshed before a restart.
  static let worktree = ["worktree.fetched", "worktree.rebased", "launch.refreshed"]

  static var all: [String] {
    death.flatMap { $0 } + request + requestDetails + stop + start + restart + other + announced + orphan + stale
      + heartbeat + server.flatMap { $0 } + beginning + end + worktree
  }

  /// Whether the daemon has told somebody to begin and has not come to note that.
  static func repeatsOrder(_ line: String) -> Bool {
    ["begin.submitted", "begin.after", "save-pending.before 2"].contains(line)
  }
}
