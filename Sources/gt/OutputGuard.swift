// SPDX-License-Identifier: Apache-2.0

import CommandSupport
@preconcurrency import Glibc

/// Sees that what was printed has arrived: a disk that is full must not leave a script with half an answer and the exit
/// status of a whole one.
enum OutputGuard {
  /// To be called once, before anything is printed.
  static func install() {
    atexit {
      let isFlushed = fflush(stdout) == 0
      let number = errno
      guard !isFlushed || ferror(stdout) != 0 else { return }
      // Nobody reads any more, who did not want more.
      if !isFlushed, number == EPIPE { return }
      complain(
        "the output could not be written" + (isFlushed ? "" : ": \(String(cString: strerror(number)))"), program: "gt")
      _exit(ExitStatus.outputFailed)
    }
  }
}
