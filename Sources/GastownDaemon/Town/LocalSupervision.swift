// SPDX-License-Identifier: Apache-2.0

package import Logging
package import Supervision
internal import Town
internal import TownFiles

/// Supervises a town for the length of one piece of work, where no daemon does: the same supervisor,
/// the same lock, the same records.
package enum LocalSupervision {
  /// - Throws: `TownFileError` `.held` where somebody supervises the town already; what `work` throws.
  package static func with<Result: Sendable>(
    _ town: OpenTown, duty: Supervisor.Duty, logger: Logger, _ work: @Sendable (Supervisor) async throws -> Result
  ) async throws -> Result {
    let lock = try await TownLock.take(layout: town.layout, patience: .milliseconds(200))
    try OriginalDaemonGuard.check(town.layout)
    try town.checkRecords()
    town.layout.removeAbandonedFiles()
    let supervisor = Supervisor(
      world: town.door, policy: town.settings.policy,
      journal: EventJournal(logger: logger, town: town.layout.root), duty: duty)
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
