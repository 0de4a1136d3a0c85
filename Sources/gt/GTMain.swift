// SPDX-License-Identifier: Apache-2.0

import GTCommands

@main
enum GTMain {
  static func main() async { await GTCommand.main() }
}
