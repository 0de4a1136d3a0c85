// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Glibc

/// Whether the client of a request is still there. A daemon that was stopped for a while (SIGSTOP) finds requests at its
/// socket whose clients have given up: they have told a person that nothing is done, so nothing is.
package final class ClientPresence: Sendable {
  /// That of the request that is being answered. A request that wants no reply has no client that waits, so its client
  /// counts as present.
  @TaskLocal package static var current: ClientPresence?

  private let descriptor: Mutex<Int32?>

  /// - Parameter descriptor: the connection's socket, which stays the caller's.
  init(descriptor: Int32) { self.descriptor = Mutex(descriptor) }

  /// Whether the client has closed its connection, as the kernel says at this moment. One that only sends no more still
  /// reads its reply.
  package var isGone: Bool {
    descriptor.withLock { descriptor in
      guard let descriptor else { return true }
      var question = pollfd(fd: descriptor, events: 0, revents: 0)
      return poll(&question, 1, 0) > 0 && question.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
    }
  }

  /// The descriptor is closed, or about to be.
  func end() { descriptor.withLock { $0 = nil } }
}
