// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Glibc

/// The processes for whose ends we wait, by the descriptors that wait for them. One system call tells which
/// of all of them live, where `/proc` would have to be asked for each.
final class WatchedProcesses: Sendable {
  /// Those of this process.
  static let shared = WatchedProcesses()

  private let watched = Mutex<[Int32: ProcessIdentity]>([:])

  /// Notes an open descriptor of exactly this process.
  func add(_ process: ProcessIdentity, descriptor: Int32) { watched.withLock { $0[descriptor] = process } }

  /// Closes a descriptor, which is not used any more.
  func close(_ descriptor: Int32) {
    watched.withLock { watched in
      watched[descriptor] = nil
      Glibc.close(descriptor)
    }
  }

  /// Those that live at this moment, by pid. One that is missing may live all the same.
  ///
  /// A descriptor can be read from the moment at which its process has ended, reaped or not, and holds on to
  /// its process: a pid that has been handed on is not taken for its former holder.
  func alive() -> [Int32: ProcessIdentity] {
    watched.withLock { watched in
      var questions = watched.keys.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard !questions.isEmpty, poll(&questions, nfds_t(questions.count), 0) >= 0 else { return [:] }
      var alive: [Int32: ProcessIdentity] = [:]
      for question in questions where question.revents == 0 {
        if let process = watched[question.fd] { alive[process.pid] = process }
      }
      return alive
    }
  }
}
