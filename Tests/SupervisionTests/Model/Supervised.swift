// SPDX-License-Identifier: Apache-2.0

import Supervision
@testable import Town

/// Runs `body` beside a supervisor of `town` that is ready, and stops that afterwards.
func withSupervisor(
  of town: ModelTown, process: ModelProcess? = nil, mode: Supervisor.Mode = .town, policy: Policy = Policy(),
  _ body: (Supervisor) async throws -> Void
) async throws {
  let process = process ?? ModelProcess(town)
  let supervisor = Supervisor(
    world: process, policy: policy, journal: process.journal, mode: mode, reports: process.reports)
  let ready = town.count(.ready)
  let running = Task { await supervisor.run() }
  await town.wait { state in process.isDead || state.log.count { $0 == .ready } > ready }
  let result: Result<Void, any Error>
  do { result = .success(try await body(supervisor)) } catch { result = .failure(error) }
  town.openAll()
  await supervisor.stop()
  await running.value
  try result.get()
}
