// SPDX-License-Identifier: Apache-2.0

package import Logging
package import Supervision
package import Systemd
import Town
import TownFiles

extension TownLock {
  /// Whether the town is still this process's to supervise.
  package var tenure: Tenure {
    switch keep() {
    case .held: .kept
    case .madeAnew: .remarkable("daemon/lock was removed or replaced; it was created again, and this process holds it")
    case .lost(let error): .lost("daemon/lock was removed, and another process holds the new one: \(error)")
    case .unknown(let error): .remarkable("daemon/lock was removed, and cannot be created again: \(error)")
    }
  }
}

/// Supervises a town for the length of one piece of work, where no daemon does: the same supervisor,
/// the same lock, the same records.
package enum LocalSupervision {
  /// - Throws: `TownFileError` `.held` where another process supervises the town; the errors of `work`.
  package static func with<Result: Sendable>(
    _ town: OpenTown, mode: Supervisor.Mode, logger: Logger, receipts: LogReceipts? = nil,
    _ work: @Sendable (Supervisor) async throws -> Result
  ) async throws -> Result {
    let lock = try await TownLock.take(layout: town.layout, patience: .milliseconds(200))
    try OriginalDaemonGuard.check(town.layout)
    try town.checkRecords()
    town.layout.removeAbandonedFiles()
    let journal = EventJournal(logger: logger, town: town.layout.root, receipts: receipts)
    if let remark = TownRecords(layout: town.layout).missingLedger() { journal.warning(remark) }
    let supervisor = Supervisor(
      world: town.door, policy: town.settings.policy, journal: journal, mode: mode,
      reports: SupervisorReports(tenure: { lock.tenure }))
    async let running: Void = supervisor.run()
    do {
      let result = try await work(supervisor)
      await supervisor.stop()
      await running
      withExtendedLifetime(lock) {}
      return result
    } catch {
      await supervisor.stop()
      await running
      withExtendedLifetime(lock) {}
      throw error
    }
  }
}
