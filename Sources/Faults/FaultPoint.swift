// SPDX-License-Identifier: Apache-2.0

/// A step inside an act at which a test has the process killed: what was done so far is all that the next process
/// finds. Each is named after what has just been done.
///
/// In a release build passing one is nothing at all.
package enum FaultPoint: String, Sendable, CaseIterable {
  // A file is replaced; which one is said besides.
  case fileWritten = "file.written"

  // An agent is started.
  case worktreeFetched = "worktree.fetched"
  case worktreeRebased = "worktree.rebased"
  case launchRefreshed = "launch.refreshed"
  case launchServerStarted = "launch.server-started"
  case launchCreated = "launch.created"

  // It is told to begin.
  case beginTyped = "begin.typed"
  case beginSubmitted = "begin.submitted"

  // It is ended.
  case endAsked = "end.asked"
  case endKilled = "end.killed"
  case endGone = "end.gone"

  // Its control group.
  case scopeMade = "scope.made"
  case sweepKilled = "sweep.killed"
  case freezeAsked = "freeze.asked"

  // A message to several, and a text that a person has typed.
  case sendOne = "send.one"
  case injectTyped = "inject.typed"

  // The daemon begins, and ends.
  case startLocked = "start.locked"
  case startReady = "start.ready"
  case stopAnnounced = "stop.announced"
  case stopMarked = "stop.marked"

  /// Ends the process by SIGKILL where a test wants that here.
  ///
  /// - Parameter what: what it is done to, for points that are passed for several things.
  @inline(__always)
  package func pass(of what: @autoclosure () -> String = "") {
    #if DEBUG
      Fault.pass(rawValue, of: [what()])
    #endif
  }
}

/// What the supervisor does to the world, by the names of the functions behind its one door. A test can have the
/// process killed before and after each.
package enum FaultEffect: String, Sendable, CaseIterable {
  case launch, end, adopt, mark, begin, send, announce
  case closeMail = "close-mail"
  case clearRequest = "clear-request"
  case setHold = "set-hold"
  case loadLedger = "load-ledger"
  case loadPendingSpawns = "load-pending"
  case saveLedger = "save-ledger"
  case savePending = "save-pending"
  case saveHeartbeat = "save-heartbeat"
  case writeCapsule = "write-capsule"
  case appendHistory = "append-history"
  case pruneEvidence = "prune-evidence"
  case confine, sweep

  package var before: String { "\(rawValue).before" }
  package var after: String { "\(rawValue).after" }
}
