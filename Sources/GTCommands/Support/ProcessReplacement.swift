// SPDX-License-Identifier: Apache-2.0

import Glibc
import Supervision

/// Becoming another program.
enum ProcessReplacement {
  /// Replaces this process; returns only by an error. No signal is blocked then: the threads that tasks
  /// run on block most of them, which a program that begins there must not inherit.
  static func exec(
    _ path: String, _ arguments: [String], environment: [String: String]
  ) throws -> Never {
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    fflush(nil)
    let words = arguments.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    execve(path, words, variables)
    let reason = String(cString: strerror(errno))
    for copy in words + variables { free(copy) }
    throw CommandRefusal("\(path) cannot be run: \(reason)")
  }
}
