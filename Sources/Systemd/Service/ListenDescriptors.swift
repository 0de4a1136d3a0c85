// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The descriptors that the manager handed over, closed on exec and looked up by name.
package struct ListenDescriptors: Sendable {
  /// The number of the first one: the manager always begins here.
  package static let first: Int32 = SD_LISTEN_FDS_START

  /// All that are open, in the order they were handed over.
  package let all: [ServiceEnvironment.NamedDescriptor]

  /// Sets close-on-exec on each: what we start inherits none of them.
  package init(_ environment: ServiceEnvironment) {
    all = environment.listenDescriptors.filter { fcntl($0.descriptor, F_SETFD, FD_CLOEXEC) == 0 }
  }

  /// The listening Unix stream sockets of that name; a socket unit may have several.
  package func listeningSockets(named name: String) -> [Int32] {
    all.filter { $0.name == name && sd_is_socket_unix($0.descriptor, Int32(SOCK_STREAM.rawValue), 1, nil, 0) > 0 }
      .map(\.descriptor)
  }
}
