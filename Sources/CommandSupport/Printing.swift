// SPDX-License-Identifier: Apache-2.0

import Glibc
import Town

/// Prints an error as every Unix program does.
package func complain(_ message: String, program: String = "gastown-daemon") {
  let line = Array("\(program): \(printable(message))\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
}
