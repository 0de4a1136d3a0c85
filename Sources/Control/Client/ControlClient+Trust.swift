// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Trust

/// Nothing is said to another user's program, and nothing is believed that it answers.
extension ControlClient {
  /// The user whose daemon it has to be. root may speak to any user's daemon: then the socket's owner.
  private var daemonUser: UInt32 {
    guard geteuid() == 0 else { return geteuid() }
    var status = stat()
    return lstat(socketPath, &status) == 0 ? status.st_uid : 0
  }

  /// Why another user may be the one that answers; `nil` where that cannot be.
  func objectionToSocket() -> PathObjection? {
    do throws(PathObjection) {
      try PathTrust(userID: daemonUser).checkSocket(socketPath)
      return nil
    } catch {
      // What is not there says so when it is connected to.
      return error.code == .missing ? nil : error
    }
  }

  /// Fails with a `PathObjection` where the kernel says that the process which listens is another user's.
  func checkPeer(of channel: any Channel) -> EventLoopFuture<Void> {
    let users = [daemonUser, 0]
    let path = socketPath
    return PeerCredentials.of(channel).flatMapThrowing { peer in
      guard users.contains(peer.userIdentifier) else {
        throw PathObjection(
          .foreign, path: path, reason: "is served by pid \(peer.processIdentifier) of another user",
          owner: peer.userIdentifier)
      }
    }
  }
}
