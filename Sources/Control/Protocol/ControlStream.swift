// SPDX-License-Identifier: Apache-2.0

/// The replies to a request with `more`, one after the other.
package struct ControlStream<Element: Sendable>: Sendable {
  /// Waits for the next one; `nil` when there will be none, and soon after the task was cancelled. It is called again
  /// only when its last value has been sent to the client: a slow reader delays its own stream and no other.
  package let next: @Sendable () async -> Element?

  package init(next: @escaping @Sendable () async -> Element?) { self.next = next }
}
