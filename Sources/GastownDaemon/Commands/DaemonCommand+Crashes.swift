// SPDX-License-Identifier: Apache-2.0

import Glibc

extension DaemonCommand {
  /// Takes back the handlers that the Swift runtime has set to write a backtrace: a signal that is to end this process
  /// ends it. A runtime that cannot suspend one of the threads hangs in its handler for ever, and a process that was
  /// to be replaced goes on holding the town's lock.
  ///
  /// The units turn the same off by their environment, and this does it wherever else the program is started.
  package static func leaveCrashesToTheKernel() {
    for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] {
      var action = sigaction()
      guard sigaction(number, nil, &action) == 0 else { continue }
      // What whoever has started us has had ignored stays so.
      if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_DFL)
      }
    }
  }
}
