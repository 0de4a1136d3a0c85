// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GastownDaemon

@main
enum GastownDaemonMain {
  static func main() async { await DaemonCommand.main() }
}
