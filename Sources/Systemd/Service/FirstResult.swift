// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Waits for the first of several callbacks; the later ones count for nothing.
///
/// Unlike a task group it does not wait for the others, which may be blocked for good.
final class FirstResult<Value: Sendable>: Sendable {
  private let continuation: Mutex<CheckedContinuation<Value, Never>?>

  private init(_ continuation: CheckedContinuation<Value, Never>) { self.continuation = Mutex(continuation) }

  /// - Parameter start: passes the result to the code that may resume it; returns at once.
  static func wait(_ start: (FirstResult<Value>) -> Void) async -> Value {
    await withCheckedContinuation { start(FirstResult($0)) }
  }

  func resume(_ value: Value) {
    let first = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    first?.resume(returning: value)
  }
}

extension Duration {
  /// In seconds, for Dispatch.
  var timeInterval: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
