// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GTCommands

@main
enum GTMain {
  static func main() async { await GTCommand.main() }
}
