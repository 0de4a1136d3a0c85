// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc

/// Waits for the ends of processes that are not our children.
package enum ProcessExit {
  /// Returns when this process has ended, at once where it already has; a zombie has. The kernel
  /// tells; nothing is polled and no thread waits.
  ///
  /// - Throws: `CancellationError` where the calling task was cancelled while the process lives;
  ///   ``SignalError`` where the kernel gives no descriptor, such as for want of them.
  @concurrent package static func wait(for process: ProcessIdentity) async throws {
    let number: Int32
    do throws(SignalError) {
      number = try ProcessDescriptor(process).release()
    } catch {
      if error.code == .noSuchProcess { return }
      throw error
    }
    WatchedProcesses.shared.add(process, descriptor: number)
    let source = DispatchSource.makeReadSource(fileDescriptor: number, queue: .global())
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        source.setEventHandler { source.cancel() }
        // Runs once, whether the process ended or the task was cancelled, and drops both handlers.
        source.setCancelHandler {
          WatchedProcesses.shared.close(number)
          continuation.resume()
        }
        source.activate()
      }
    } onCancel: {
      source.cancel()
    }
    if Task.isCancelled, ProcessTable().isRunning(process) { throw CancellationError() }
  }

  /// Waits until all of `processes` have ended, for `limit` at most. Returns those that still live.
  ///
  /// - Throws: `CancellationError` where the calling task was cancelled.
  @concurrent package static func wait(
    forAll processes: [ProcessIdentity], within limit: Duration
  ) async throws -> [ProcessIdentity] {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await withThrowingTaskGroup(of: Void.self) { waits in
          for process in processes {
            waits.addTask { try await wait(for: process) }
          }
          try await waits.waitForAll()
        }
        return true
      }
      group.addTask {
        try await Task.sleep(for: limit, clock: .continuous)
        return false
      }
      _ = try await group.next()
      group.cancelAll()
    }
    try Task.checkCancellation()
    return processes.filter { ProcessTable().isRunning($0) }
  }
}
