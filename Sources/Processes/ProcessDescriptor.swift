// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif

/// A pidfd: a hold on one process that cannot come to mean another.
struct ProcessDescriptor: ~Copyable {
  let number: Int32

  /// Opens a descriptor of exactly this process, which may be a zombie.
  ///
  /// - Throws: ``SignalError``; `noSuchProcess` where it is gone or another has its pid.
  init(_ identity: ProcessIdentity, table: ProcessTable = ProcessTable()) throws(SignalError) {
    // 0 and below address groups, elsewhere; 1 is nobody's agent.
    guard identity.pid > 1 else { throw SignalError(.noSuchProcess, process: identity, number: ESRCH) }
    let opened = SystemCall.pidfdOpen(identity.pid)
    guard opened >= 0 else { throw SignalError(number: errno, process: identity) }
    // Looked up after the opening: what is the right process now was so then, as a pid that had
    // been handed on would not come back to its first holder.
    guard table.status(identity.pid)?.identity == identity else {
      close(opened)
      throw SignalError(.noSuchProcess, process: identity, number: ESRCH)
    }
    number = opened
  }

  deinit { close(number) }

  func send(_ signal: Int32, to identity: ProcessIdentity) throws(SignalError) {
    guard SystemCall.pidfdSendSignal(number, signal) == 0 else {
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

/// Two system calls that glibc's module for Swift does not have.
private enum SystemCall {
  private typealias Function = @convention(c) (Int, Int, Int, Int, Int) -> Int

  /// `syscall(2)`, which Swift cannot call by name as it takes a variable number of arguments. The
  /// registers are the same for these integers with and without that on every Linux ABI.
  private static let function: Function? = dlsym(nil, "syscall").map { unsafeBitCast($0, to: Function.self) }

  /// Numbers above 423 are the same on every architecture.
  static func pidfdOpen(_ pid: Int32) -> Int32 {
    call(434, Int(pid), 0, 0, 0)
  }

  static func pidfdSendSignal(_ descriptor: Int32, _ signal: Int32) -> Int32 {
    call(424, Int(descriptor), Int(signal), 0, 0)
  }

  private static func call(_ number: Int, _ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Int32 {
    guard let function else {
      errno = ENOSYS
      return -1
    }
    return Int32(truncatingIfNeeded: function(number, a, b, c, d))
  }
}
