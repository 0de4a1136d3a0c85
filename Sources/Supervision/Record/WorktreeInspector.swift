// SPDX-License-Identifier: Apache-2.0

package import Commands
package import Town
import TownFiles

/// Reads what a dead agent has left in its worktree: one `git status`, which gives branch, HEAD and
/// files. Two at a time, as a mass death must not take the processor from the restarts; no start waits
/// longer than ``patience`` for a turn.
package actor WorktreeInspector {
  private let runner: any CommandRunner
  private let environment: [String: String]
  private let deadline: Duration
  private let patience: Duration
  private let width: Int
  private var running = 0
  private var queue: [CheckedContinuation<Void, Never>] = []

  package init(
    runner: any CommandRunner, environment: [String: String], deadline: Duration = .seconds(5),
    patience: Duration = .seconds(15), width: Int = 2
  ) {
    self.runner = runner
    var environment = ChildEnvironment.scrubbed(environment)
    // A worktree is looked at while the next agent may work in it: nothing of it is locked or written.
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["LC_ALL"] = "C"
    self.environment = environment
    self.deadline = deadline
    self.patience = patience
    self.width = width
  }

  package func inspect(_ directory: String, now: @Sendable () -> Timestamp) async -> Reading<CrashCapsule.Worktree> {
    guard Disk.exists("\(directory)/.git") else {
      return .unknown("\(directory) is not the top of a git worktree")
    }
    let end = ContinuousClock.now + patience
    await enter()
    defer { leave() }
    guard ContinuousClock.now < end else { return .unknown("too many worktrees had to be read at one time") }
    var environment = environment
    // A `.git` that is none must not make git look further up, where another repository may be.
    environment["GIT_CEILING_DIRECTORIES"] = Disk.parent(of: directory)
    let command = Command(
      "git", ["-c", "core.fsmonitor=false", "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z"],
      environment: environment, workingDirectory: directory, deadline: deadline)
    do {
      let time = now()
      let result = try await runner.run(command)
      guard result.succeeded else {
        let line = result.complaint.split(separator: "\n").first ?? "no reason given"
        return .unknown("git status failed: \(displayable(String(line)))")
      }
      return .known(CrashCapsule.Worktree(directory: directory, status: result.output, readAt: time))
    } catch is CancellationError {
      return .unknown("the daemon ended before it was read")
    } catch {
      return .unknown("git status: \((error as? CommandError)?.reason ?? "\(error)")")
    }
  }

  private func enter() async {
    if running < width {
      running += 1
    } else {
      await withCheckedContinuation { queue.append($0) }
    }
  }

  /// Hands the place on, where a caller waits for it.
  private func leave() {
    if queue.isEmpty { running -= 1 } else { queue.removeFirst().resume() }
  }
}
