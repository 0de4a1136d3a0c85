// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GTCommands
import Glibc

@main
enum GTMain {
  static func main() async {
    HandOff.handOffIfNotOurs(CommandLine.arguments)
    OutputGuard.install()
    // Else libdispatch writes to the journal, for each of its timers' threads, that an ordinary user's
    // thread cannot have the priority that it would like.
    setenv("LIBDISPATCH_LOG", "NO", 0)
    await GTCommand.main()
  }
}
