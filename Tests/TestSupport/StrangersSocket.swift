// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A Unix socket whose file belongs to the user of the test, in a directory of that user's own, while a process of
/// another user listens at it. It reads nothing, and counts nothing.
package final class StrangersSocket: Sendable {
  /// A user who is neither root nor the test's.
  package static let stranger: UInt32 = 65_534

  private let pid: pid_t

  /// Needs root, `setpriv` and `perl`.
  ///
  /// - Throws: ``NotInTime``
  package init(_ path: String) async throws {
    let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    let script = """
      use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un($ARGV[0])) or die; listen($s, 64); my $p = getppid(); sleep 1 while getppid() == $p;
      """
    let words = [
      "setpriv", "--reuid", "\(Self.stranger)", "--regid", "\(Self.stranger)", "--clear-groups", "perl", "-e", script,
      path,
    ]
    var arguments = words.map { strdup($0) } + [nil]
    defer { for word in arguments { free(word) } }
    chmod(directory, 0o777)
    var child: pid_t = 0
    guard posix_spawnp(&child, "setpriv", nil, nil, &arguments, environ) == 0 else {
      throw NotInTime(description: "setpriv was not started")
    }
    pid = child
    // bind and listen are two calls: until the second one the path refuses connections.
    try await eventually("a process that listens at \(path)") { Self.isListening(path) }
    guard chown(path, getuid(), getgid()) == 0, chmod(directory, 0o700) == 0 else {
      throw NotInTime(description: "\(path) was not made our own")
    }
  }

  deinit {
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }

  private static func isListening(_ path: String) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix(107)) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }
}
