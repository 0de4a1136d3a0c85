// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What is to be found at the path of a socket.
package enum SocketStanding: Sendable, Hashable {
  /// No process listens there, and no other user can make one that does.
  case silent
  /// A process of the user listens there; `nil` where the kernel does not say which.
  case listening(peer: Int32?)
  /// It is not to be connected to, or could not be looked at.
  case refused(PathObjection)
}

extension PathTrust {
  /// Looks who listens on a socket before anything is asked there: its file first, then, by a connection that says
  /// nothing, the kernel's word on the process that listens (`SO_PEERCRED`).
  package func standing(ofSocket path: String) -> SocketStanding {
    do throws(PathObjection) {
      try checkSocket(path)
    } catch {
      return error.code == .missing ? .silent : .refused(error)
    }
    return peer(ofSocket: path)
  }

  /// The user that listens on a socket, independent of its directory. Nothing is sent to it.
  package func peer(ofSocket path: String) -> SocketStanding {
    func failure(_ code: Int32) -> SocketStanding {
      .refused(PathObjection(.unreadable, path: path, reason: "cannot be used: \(String(cString: strerror(code)))"))
    }
    guard let address = Self.address(of: path) else { return failure(ENAMETOOLONG) }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { return failure(errno) }
    defer { close(descriptor) }
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if result != 0 {
      switch errno {
      // A socket of another type is no tmux server's.
      case ENOENT, ECONNREFUSED, EPROTOTYPE: return .silent
      // Who lets a full backlog wait listens, too.
      case EAGAIN, EINPROGRESS: return .listening(peer: nil)
      case let code: return failure(code)
      }
    }
    var peer = Peer()
    var length = socklen_t(MemoryLayout<Peer>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 else { return failure(errno) }
    guard peer.user == userID else {
      var status = stat()
      let mode = lstat(path, &status) == 0 ? FileFacts(status).mode : nil
      return .refused(
        PathObjection(
          .foreign, path: path, reason: "is served by pid \(peer.process) of another user", owner: peer.user, mode: mode
        ))
    }
    return .listening(peer: peer.process > 0 ? peer.process : nil)
  }

  private static func address(of path: String) -> sockaddr_un? {
    var address = sockaddr_un()
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return address
  }

  /// The kernel's `struct ucred`, which the C library shows only to GNU sources.
  private struct Peer {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
  }
}
