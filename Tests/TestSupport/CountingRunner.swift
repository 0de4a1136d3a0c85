// SPDX-License-Identifier: Apache-2.0

package import Commands
import Synchronization

/// Runs commands as another runner does, and remembers them.
package final class CountingRunner: CommandRunner {
  private let runner: any CommandRunner
  private let recorded = Mutex<[Command]>([])
  private let atWork = Mutex<(now: Int, most: Int)>((0, 0))

  package init(_ runner: any CommandRunner) {
    self.runner = runner
  }

  /// Every command so far, in the order in which they were started.
  package var commands: [Command] { recorded.withLock { $0 } }

  package var count: Int { recorded.withLock { $0.count } }

  /// How many commands ran at one time, at most.
  package var mostAtOnce: Int { atWork.withLock { $0.most } }

  /// Forgets what was run.
  package func reset() {
    recorded.withLock { $0 = [] }
    atWork.withLock { $0.most = $0.now }
  }

  @concurrent package func run(_ command: Command) async throws -> CommandResult {
    recorded.withLock { $0.append(command) }
    atWork.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
    defer { atWork.withLock { $0.now -= 1 } }
    return try await runner.run(command)
  }
}
