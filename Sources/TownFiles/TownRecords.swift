// SPDX-License-Identifier: Apache-2.0

package import Town

/// The supervisor's own records: the ledger, the pending spawns, the state and the activity.
package struct TownRecords: Sendable {
  private let layout: TownLayout
  private let ledgerText = LedgerText()

  package init(layout: TownLayout) { self.layout = layout }

  /// The ledger; an empty one where there is no file.
  ///
  /// - Throws: ``TownFileError`` where it cannot be read, or a newer daemon wrote it.
  package func ledger() throws(TownFileError) -> Ledger {
    do throws(TownFileError) {
      let ledger = try Disk.readJSON(Ledger.self, from: layout.ledger, limit: FileLimit.ledger)
      guard ledger.version <= Ledger.currentVersion else {
        throw TownFileError(
          .malformed, path: layout.ledger,
          reason:
            "it was written by a newer daemon (version \(ledger.version), this one knows \(Ledger.currentVersion))")
      }
      return ledger
    } catch  where error.code == .missing {
      return Ledger()
    }
  }

  /// What a person should know where the ledger is missing in a town that has a history; `nil` where it is not.
  package func missingLedger() -> String? {
    guard !Disk.exists(layout.ledger), HistoryFiles(layout: layout).haveSupervision else { return nil }
    return
      "\(layout.ledger) is missing, although the town has a history: restart counts are zero, no agent is parked, and "
      + "deaths since then are unknown; to put a copy back: gt daemon stop, then move it there, then gt daemon start"
  }

  package func write(_ ledger: Ledger) throws(TownFileError) {
    let text: [UInt8]
    do {
      text = try ledgerText.encode(ledger)
    } catch {
      throw TownFileError(.unwritable, path: layout.ledger, reason: "it cannot be encoded: \(error)")
    }
    guard text.count <= FileLimit.ledger else {
      throw TownFileError(
        .unwritable, path: layout.ledger,
        reason: "it would have \(text.count) bytes, and at \(FileLimit.ledger) bytes the next daemon could not read it")
    }
    try layout.checkBounds(of: layout.ledger)
    try Disk.write(text, to: layout.ledger)
  }

  /// The agents that wait to be told to begin; none where there is no file.
  package func pendingSpawns() throws(TownFileError) -> [PendingSpawn] {
    do {
      return try Disk.readJSON([PendingSpawn].self, from: layout.pendingSpawns, limit: FileLimit.pendingSpawns)
    } catch  where error.code == .missing {
      return []
    }
  }

  package func write(_ pending: [PendingSpawn]) throws(TownFileError) {
    try writeJSON(pending, to: layout.pendingSpawns)
  }

  package func write(_ state: DaemonState) throws(TownFileError) {
    try writeJSON(state, to: layout.state)
  }

  package func state() throws(TownFileError) -> DaemonState {
    try Disk.readJSON(DaemonState.self, from: layout.state, limit: FileLimit.daemonState)
  }

  /// When `gt` was last used; `nil` where that is not known.
  package func lastActivity() -> Timestamp? {
    (try? Disk.readJSON(Activity.self, from: layout.activity, limit: FileLimit.daemonState))?.timestamp
  }

  package func write(_ activity: Activity) throws(TownFileError) {
    try writeJSON(activity, to: layout.activity)
  }

  /// Moves a file that cannot be understood out of the way, so that nothing of it is lost, and says
  /// where it went.
  package func setAside(_ path: String, at time: Timestamp) throws(TownFileError) -> String {
    let target = "\(path).unreadable-\(time.nanoseconds / 1_000_000_000)"
    try Disk.move(path, to: target)
    return target
  }

  private func writeJSON(_ value: some Encodable, to path: String) throws(TownFileError) {
    try layout.checkBounds(of: path)
    try Disk.writeJSON(value, to: path)
  }
}
