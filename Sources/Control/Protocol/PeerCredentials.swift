// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Glibc

/// Who is at the other end of a connection, as the kernel says (`SO_PEERCRED`): as of its `connect`.
package struct PeerCredentials: Sendable, Hashable {
  package var processIdentifier: Int32
  package var userIdentifier: UInt32

  package init(processIdentifier: Int32, userIdentifier: UInt32) {
    self.processIdentifier = processIdentifier
    self.userIdentifier = userIdentifier
  }

  /// Our own user, and root.
  package static let ownerOrRoot: @Sendable (PeerCredentials) -> Bool = { peer in
    peer.userIdentifier == geteuid() || peer.userIdentifier == 0
  }

  static func of(_ channel: any Channel) -> EventLoopFuture<PeerCredentials> {
    guard let provider = channel as? any SocketOptionProvider else {
      return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
    let credentials: EventLoopFuture<UserCredentials> = provider.unsafeGetSocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
    return credentials.map {
      PeerCredentials(processIdentifier: $0.processIdentifier, userIdentifier: $0.userIdentifier)
    }
  }
}

/// The kernel's `struct ucred`, which the C library only shows with `_GNU_SOURCE`.
private struct UserCredentials {
  var processIdentifier: Int32 = 0
  var userIdentifier: UInt32 = 0
  var groupIdentifier: UInt32 = 0
}
