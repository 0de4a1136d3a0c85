// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Dispatch
import Synchronization
import Glibc

/// Sends the state of this process to the service manager.
///
/// libsystemd sends on a blocking socket, so that a manager that does not read (it is busy, or stopped in a debugger)
/// would block the caller. Messages are therefore sent from a queue of their own, in their order; where too many wait,
/// those that a later one replaces are dropped.
package final class ServiceManager: Sendable {
  /// What came of a notification.
  package enum Outcome: Sendable, Hashable {
    /// No manager asked to be told.
    case notManaged
    /// The manager's socket has it, which is all that is ever known.
    case sent
    /// It has not: an `errno`; `ENOBUFS` where it was dropped, `ETIMEDOUT` where it still waits.
    case failed(Int32)
  }

  /// Whether a manager asked to be told.
  package let isManaged: Bool

  private let queue = DispatchQueue(label: "service-manager")
  private let pending = Mutex(0)
  private let capacity: Int
  private let send: @Sendable (String) -> Int32

  /// - Parameters:
  ///   - environment: determines whether there is a manager; libsystemd itself reads its address.
  ///   - capacity: how many messages may wait before the first is dropped.
  ///   - send: a stand-in for `sd_notify`: negative is an `errno`, 0 is no manager.
  package init(
    environment: ServiceEnvironment,
    capacity: Int = 16,
    send: @escaping @Sendable (String) -> Int32 = { sd_notify(0, $0) }
  ) {
    isManaged = environment.notifySocket != nil
    self.capacity = capacity
    self.send = send
  }

  /// Sends one message and waits, at most for `patience`, until the manager's socket has it. Being
  /// cancelled does not cut the wait short: what is said last is said in cancelled tasks.
  @discardableResult
  package func notify(
    _ notifications: [ServiceNotification], patience: Duration = .seconds(2)
  ) async -> Outcome {
    await FirstResult.wait { result in
      enqueue(notifications) { result.resume($0) }
      DispatchQueue.global().asyncAfter(deadline: .now() + patience.timeInterval) {
        result.resume(.failed(ETIMEDOUT))
      }
    }
  }

  /// Hands one message over, and does not wait.
  package func post(_ notifications: ServiceNotification...) {
    enqueue(notifications) { _ in }
  }

  private func enqueue(
    _ notifications: [ServiceNotification], _ completion: @escaping @Sendable (Outcome) -> Void
  ) {
    guard isManaged else { return completion(.notManaged) }
    let isDroppable = notifications.allSatisfy(\.isDroppable)
    let isAccepted = pending.withLock { pending in
      if isDroppable, pending >= capacity { return false }
      pending += 1
      return true
    }
    guard isAccepted else { return completion(.failed(ENOBUFS)) }
    let message = ServiceNotification.message(notifications)
    queue.async { [self] in
      let result = send(message)
      pending.withLock { $0 -= 1 }
      completion(result > 0 ? .sent : result == 0 ? .notManaged : .failed(-result))
    }
  }
}
