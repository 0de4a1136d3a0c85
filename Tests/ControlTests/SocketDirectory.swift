// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A directory of its own with a short path, for a socket's may only have 107 bytes; removed at the end.
final class SocketDirectory: Sendable {
  let path: String

  init() throws {
    var name = Array("/tmp/gtc-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&name)))
  }

  deinit {
    for name in ["run/s", "s"] { unlink("\(path)/\(name)") }
    rmdir("\(path)/run")
    rmdir(path)
  }

  var socket: String { "\(path)/s" }
}
