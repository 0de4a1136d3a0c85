// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Opens once both halves of readiness are there: the control socket is served, and the first look at
/// the town has been taken.
final class ReadinessGate: Sendable {
  private struct State {
    var isServed = false
    var status: String?
    var isOpen = false
  }

  private let state = Mutex(State())
  private let open: @Sendable (String) -> Void

  /// - Parameter open: called once, with the first status line.
  init(open: @escaping @Sendable (String) -> Void) { self.open = open }

  /// Whether both are there.
  var isOpen: Bool { state.withLock { $0.isOpen } }

  func socketIsServed() { advance { $0.isServed = true } }

  func firstLookIsTaken(status: String) { advance { $0.status = status } }

  private func advance(_ change: (inout sending State) -> Void) {
    let status = state.withLock { state -> String? in
      change(&state)
      guard state.isServed, let status = state.status, !state.isOpen else { return nil }
      state.isOpen = true
      return status
    }
    if let status { open(status) }
  }
}
