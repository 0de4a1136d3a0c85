// SPDX-License-Identifier: Apache-2.0

import Commands

/// `bd sync` in an agent's worktree. Versions from 0.59 on have none.
package struct BdSync: Sendable {
  let client: BdClient
  let knowledge: BdKnowledge

  /// Brings the beads of a worktree up to date. It commits and pulls, so nothing of the agent's own may lie there.
  ///
  /// - Parameters:
  ///   - directory: a clean worktree, absolute.
  ///   - deadline: for the whole of it.
  /// - Returns: what a person should know; `nil` where it was done, and where this `bd` has no `sync`.
  @concurrent package func run(in directory: String, deadline: Duration) async -> String? {
    guard await !knowledge.hasNoSync else { return nil }
    do {
      let result = try await client.run(
        ["sync"], in: directory, environment: client.environment, deadline: deadline, attempt: "bd sync")
      if result.succeeded { return nil }
      let reason = BdOutput.reason(result)
      if BdWording.saysUnknownCommand("sync", reason) {
        await knowledge.noteNoSync()
        return nil
      }
      return "bd sync failed: \(reason)"
    } catch {
      return "\(error)"
    }
  }
}

extension BdBeadStore {
  package var sync: BdSync { BdSync(client: client, knowledge: knowledge) }
}
