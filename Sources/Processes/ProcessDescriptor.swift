// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A pidfd: a hold on one process that cannot come to mean another.
struct ProcessDescriptor: ~Copyable {
  let number: Int32

  /// Opens a descriptor of exactly this process, which may be a zombie.
  ///
  /// - Throws: ``SignalError``; `noSuchProcess` where it is gone or another has its pid.
  init(_ identity: ProcessIdentity, table: ProcessTable = ProcessTable()) throws(SignalError) {
    // 0 and below address groups, elsewhere; 1 is nobody's agent.
    guard identity.pid > 1 else { throw SignalError(.noSuchProcess, process: identity, number: ESRCH) }
    let opened = SystemCall.openProcess(identity.pid)
    guard opened >= 0 else { throw SignalError(number: errno, process: identity) }
    // Looked up after the opening: what is the right process now was so then, as a pid that had
    // been handed on would not come back to its first holder.
    let misses = ProcessTable.misses
    guard table.status(identity.pid)?.identity == identity else {
      close(opened)
      if ProcessTable.misses != misses { throw SignalError(number: EMFILE, process: identity) }
      throw SignalError(.noSuchProcess, process: identity, number: ESRCH)
    }
    number = opened
  }

  deinit { close(number) }

  func send(_ signal: Int32, to identity: ProcessIdentity) throws(SignalError) {
    guard SystemCall.sendSignal(signal, toProcess: number) == 0 else {
      throw SignalError(number: errno, process: identity)
    }
  }

  /// Gives the descriptor up; the caller closes it.
  consuming func release() -> Int32 {
    let released = number
    discard self
    return released
  }
}
