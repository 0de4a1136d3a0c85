// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The processes for whose ends we wait, by the descriptors that wait for them. One system call tells which
/// of all of them live, where `/proc` would have to be asked for each.
final class WatchedProcesses: Sendable {
  /// Those of this process.
  static let shared = WatchedProcesses()

  private let watched = Mutex<[Int32: ProcessIdentity]>([:])

  /// Descriptors that a former process of ours has opened, and for which nobody waits yet.
  private let inherited = Mutex<[ProcessIdentity: Int32]>([:])

  /// Notes an open descriptor of exactly this process.
  func add(_ process: ProcessIdentity, descriptor: Int32) { watched.withLock { $0[descriptor] = process } }

  /// Closes a descriptor, which nobody asks any more from here on.
  func close(_ descriptor: Int32) {
    watched.withLock { watched in
      watched[descriptor] = nil
      Glibc.close(descriptor)
    }
  }

  /// Takes over a descriptor that a former process of ours has opened of exactly this process.
  func inherit(_ process: ProcessIdentity, descriptor: Int32) {
    let former = inherited.withLock { $0.updateValue(descriptor, forKey: process) }
    if let former { Glibc.close(former) }
  }

  /// Hands such a descriptor to whoever waits for the process's end.
  func takeInherited(_ process: ProcessIdentity) -> Int32? {
    inherited.withLock { $0.removeValue(forKey: process) }
  }

  /// Whether a process has ended of which there is such a descriptor; `nil` where there is none. It holds on to
  /// its process: whoever has the pid by now is not taken for it.
  func hasEnded(_ process: ProcessIdentity) -> Bool? {
    inherited.withLock { inherited in
      guard let descriptor = inherited[process] else { return nil }
      var question = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let answer = poll(&question, 1, 0)
      return answer < 0 ? nil : answer > 0
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
