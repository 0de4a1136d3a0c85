// SPDX-License-Identifier: Apache-2.0

import Town

/// What the world's agenda holds.
enum ScheduledEvent: Sendable {
  /// Somebody who waits goes on.
  case wake(Int)
  case incident(Int)
  /// A process comes to its end.
  case end(pid: Int32, ExitCause)
  case endTrouble(Outage, since: Int64)
  /// What has detached itself from an agent comes to its end.
  case endChild(Int32)
  /// Another user's tmux server ends.
  case endStranger(Int32)
  case startDaemon
  case askBeat
  /// A look of the inspector's, and the watchdog's question.
  case tick
}

/// Where faults and the daemon's deaths strike: everything that a daemon does to the world or learns of it.
enum Effect: String, Sendable {
  case look, readBeads, readAfresh, screens, state
  case loadLedger, loadPending, saveLedger, savePending, saveHeartbeat, setHold
  case launch, spawn, launched, terminate, kill, sweep, removeSession, adopt, type, typed
  case mark, closeMail, closedMail, clearRequest, send, sent, announce
  case lastWords, worktree, capsule, history, journal
}
