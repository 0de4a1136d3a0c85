// SPDX-License-Identifier: Apache-2.0

/// Opens once; who waits at it is let through, now or then.
final class Gate: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func open() { continuation.finish() }

  /// Returns when the gate is open, or the task cancelled. For one waiter.
  func wait() async { for await _ in stream {} }
}
