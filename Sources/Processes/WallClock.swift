// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc

/// The clock that tells the time of day, which people and time servers set.
package enum WallClock {
  /// Why the kernel does not say when the clock is set.
  package struct WaitError: Error, CustomStringConvertible {
    package var number: Int32

    package var description: String { "the wall clock could not be watched: \(String(cString: strerror(number)))" }
  }

  /// Returns when the clock was set, or the machine has woken from a suspend. The kernel tells; nothing is polled and
  /// no thread waits.
  ///
  /// - Throws: `CancellationError` where the calling task was cancelled before; ``WaitError``.
  @concurrent package static func waitForStep() async throws {
    let number = SystemCall.wallClockTimer()
    guard number >= 0 else { throw WaitError(number: errno) }
    let source = DispatchSource.makeReadSource(fileDescriptor: number, queue: .global())
    let stepped = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        source.setEventHandler { source.cancel() }
        // Runs once, whether the clock was set or the task was cancelled, and drops both handlers.
        source.setCancelHandler {
          continuation.resume(returning: WallClock.hasStepped(number))
          close(number)
        }
        source.activate()
      }
    } onCancel: {
      source.cancel()
    }
    if !stepped { throw CancellationError() }
  }

  /// A timer that was cancelled by a step says so when it is read.
  private static func hasStepped(_ timer: Int32) -> Bool {
    var expirations: UInt64 = 0
    return read(timer, &expirations, MemoryLayout<UInt64>.size) < 0 && errno == ECANCELED
  }
}
