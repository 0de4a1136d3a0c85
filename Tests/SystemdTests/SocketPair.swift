// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// Two connected stream sockets, closed at the end.
final class SocketPair {
  let first: Int32
  let second: Int32

  init() throws {
    var descriptors: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &descriptors) == 0)
    (first, second) = (descriptors[0], descriptors[1])
  }

  deinit {
    close(first)
    close(second)
  }
}
