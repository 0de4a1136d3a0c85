// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GastownDaemon
import Glibc

@main
enum GastownDaemonMain {
  static func main() async {
    // Else libdispatch writes to the journal, for each of its timers' threads, that an ordinary user's
    // thread cannot have the priority that it would like.
    setenv("LIBDISPATCH_LOG", "NO", 0)
    DaemonCommand.leaveCrashesToTheKernel()
    await DaemonCommand.main()
  }
}
