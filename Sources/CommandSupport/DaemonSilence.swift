// SPDX-License-Identifier: Apache-2.0

package import Control
import Processes
import Town
package import TownFiles

/// No daemon has answered, or it has stopped to: why, as far as the town's lock and the kernel tell, and the way out.
package struct DaemonSilence: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Cause: Sendable, Hashable {
    /// No daemon supervises the town.
    case notRunning
    /// A process that is none of ours holds the town's lock, and no daemon can start.
    case stranger(TownLock.Holder)
    /// A `gt` works on the town for a moment.
    case command(TownLock.Holder)
    /// The daemon's process is stopped, by SIGSTOP or by a debugger.
    case stopped(TownLock.Holder)
    /// The daemon's process runs, and answers nothing.
    case silent(TownLock.Holder)
    /// The daemon's process runs, and cannot be reached at its socket.
    case unreachable(TownLock.Holder)
  }

  package var cause: Cause
  package var description: String

  /// - Parameters:
  ///   - error: what came of asking; `nil` before anything was asked.
  ///   - state: the state of a process, as `/proc` has it; `nil` where there is none.
  package init(
    _ error: ControlError?, holder: TownLock.Holder?, lock: String,
    state: (Int32) -> Character? = { ProcessTable().status($0)?.state }
  ) {
    guard let holder else {
      cause = .notRunning
      description = "no daemon can be reached\(error.map { " (\($0))" } ?? ""); start it with: gt daemon start"
      return
    }
    let daemon = "the daemon (pid \(holder.pid))"
    let end = "to end it: gt daemon stop"
    switch state(holder.pid) {
    case _ where !holder.isOurs:
      cause = .stranger(holder)
      description = "no daemon can be reached: \(lock): \(holder.refusal)"
    case "T", "t":
      cause = .stopped(holder)
      description =
        "\(daemon) does not answer: its process is stopped (SIGSTOP, or a debugger), and the request is dropped "
        + "unless it was begun; to continue it: kill -CONT \(holder.pid); \(end)"
    case _ where holder.program == "gt":
      cause = .command(holder)
      description =
        "no daemon runs, and another gt (pid \(holder.pid)) works on this town now; try again when it has ended"
    case _ where error?.code == .deadlineExceeded:
      cause = .silent(holder)
      description =
        "\(daemon) runs and does not answer (\(error.map { "\($0)" } ?? "")), and the request is dropped unless it "
        + "was begun; to find the cause: gt doctor; \(end)"
    default:
      cause = .unreachable(holder)
      description =
        "\(daemon) runs and cannot be reached\(error.map { " (\($0))" } ?? ""); to find the cause: gt doctor; \(end)"
    }
  }
}

extension ControlClient {
  /// How long a daemon is left alone with a request before it is asked whether it answers at all, and how long it
  /// then has to answer that.
  private static let patience: (first: Duration, answer: Duration) = (.seconds(2), .seconds(10))

  /// Asks for what may take the daemon long. A daemon that does not even answer a question about its health is not
  /// waited for any longer; one that is just being started or replaced is.
  ///
  /// - Throws: ``DaemonSilence`` where no daemon answers; `ControlError` where it refuses; `CancellationError`.
  package func ask<Method: ControlMethod>(
    _ method: Method, in layout: TownLayout, deadline: Duration
  ) async throws -> Method.Reply {
    do {
      return try await withThrowingTaskGroup(of: Method.Reply?.self) { group in
        group.addTask { try await call(method, deadline: deadline) }
        group.addTask {
          try await untilSilent(in: layout)
          return nil
        }
        defer { group.cancelAll() }
        while let reply = try await group.next() {
          if let reply { return reply }
        }
        throw CancellationError()
      }
    } catch let error as ControlError where error.code == .unreachable || error.code == .deadlineExceeded {
      throw DaemonSilence(error, holder: TownLock.holder(layout: layout), lock: layout.lock)
    }
  }

  /// - Throws: `ControlError` as soon as a daemon that has the town's lock leaves a question unanswered;
  ///   `CancellationError`.
  private func untilSilent(in layout: TownLayout) async throws {
    while true {
      try await Task.sleep(for: Self.patience.first)
      do {
        _ = try await call(Health(), deadline: Self.patience.answer)
      } catch let error as ControlError where error.code == .deadlineExceeded {
        // One that is being started has not got the lock yet.
        if TownLock.currentHolder(layout: layout) != nil { throw error }
      } catch is ControlError {
        // The request itself tells what this means.
      }
    }
  }
}
