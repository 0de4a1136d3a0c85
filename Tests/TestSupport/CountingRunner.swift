// SPDX-License-Identifier: Apache-2.0

package import Commands
import Synchronization

/// Runs commands as another runner does, and remembers them.
package final class CountingRunner: CommandRunner {
  private let runner: any CommandRunner
  private let recorded = Mutex<[Command]>([])

  package init(_ runner: any CommandRunner) {
    self.runner = runner
  }

  /// Every command so far, in the order in which they were started.
  package var commands: [Command] { recorded.withLock { $0 } }

  package var count: Int { recorded.withLock { $0.count } }

  /// Forgets what was run.
  package func reset() { recorded.withLock { $0 = [] } }

  @concurrent package func run(_ command: Command) async throws -> CommandResult {
    recorded.withLock { $0.append(command) }
    return try await runner.run(command)
  }
}
