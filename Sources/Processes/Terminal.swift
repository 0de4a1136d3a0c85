// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The terminal that a process reads from.
package enum Terminal {
  /// Whether the terminal itself collects lines (canonical mode): then an Enter always ends one, and
  /// there is no input line on the screen from which it could be missing. `nil` where the process's
  /// standard input is no terminal, or cannot be looked at.
  package static func collectsLines(of process: ProcessIdentity) -> Bool? {
    ask(process) { descriptor in
      var settings = termios()
      guard tcgetattr(descriptor, &settings) == 0 else { return nil }
      return settings.c_lflag & tcflag_t(ICANON) != 0
    }
  }

  /// Whether keys wait in the terminal that the process has not read. `nil` where its standard input is no
  /// terminal, or cannot be looked at.
  package static func hasUnreadInput(of process: ProcessIdentity) -> Bool? {
    ask(process) { descriptor in
      guard isatty(descriptor) == 1 else { return nil }
      var count: CInt = 0
      guard ioctl(descriptor, UInt(FIONREAD), &count) == 0 else { return nil }
      return count > 0
    }
  }

  private static func ask(_ process: ProcessIdentity, _ question: (CInt) -> Bool?) -> Bool? {
    guard ProcessTable().isRunning(process) else { return nil }
    // Never to become anybody's controlling terminal, and never to wait for one.
    let descriptor = open("/proc/\(process.pid)/fd/0", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return question(descriptor)
  }
}
