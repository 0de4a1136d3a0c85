// SPDX-License-Identifier: Apache-2.0

internal import Town

/// What the world's agenda holds.
enum Happening: Sendable {
  /// Somebody who waits goes on.
  case wake(Int)
  case incident(Int)
  /// A process comes to its end.
  case end(pid: Int32, ExitCause)
  case endTrouble(Trouble, since: Int64)
  case startDaemon
  case askBeat
  /// A look of the inspector's, and the watchdog's question.
  case tick
}

/// Where faults and the daemon's deaths strike: everything that a daemon does to the world or learns of it.
enum Effect: String, Sendable {
  case look, readBeads, readAfresh, screens, state
  case loadLedger, loadPending, saveLedger, savePending, saveHeartbeat, setHold
  case launch, spawn, launched, terminate, kill, removeSession, adopt, type, typed
  case mark, closeMail, closedMail, clearRequest, send, sent, announce
  case lastWords, worktree, capsule, history, journal
}
