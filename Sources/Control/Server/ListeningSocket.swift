// SPDX-License-Identifier: Apache-2.0

import Trust
import Glibc

/// A listening Unix socket: one that we were given, or one that we bound and therefore take away.
struct ListeningSocket: Sendable {
  /// Where the socket's file is, and which file it was when we made it.
  private struct Bound: Sendable {
    var path: String
    var device: dev_t
    var inode: ino_t
  }

  let descriptor: Int32
  private let bound: Bound?

  /// Takes over a socket that another process has bound; only that process may remove its file.
  static func adopt(_ descriptor: Int32) throws(ListenError) -> ListeningSocket {
    guard
      option(SO_DOMAIN, of: descriptor) == AF_UNIX,
      option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
      option(SO_ACCEPTCONN, of: descriptor) == 1
    else {
      throw ListenError(
        .unusableDescriptor, subject: "descriptor \(descriptor)", reason: "not a listening Unix stream socket")
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return ListeningSocket(descriptor: descriptor, bound: nil)
  }

  /// Binds `path` with mode 0600, in a directory that is made with mode 0700 where it is missing.
  ///
  /// A socket without a listener was left by a killed daemon, and is replaced. Two processes that do this at the same
  /// moment are kept apart by the town's lock, which the caller holds.
  static func bind(_ path: String, backlog: Int32 = 512) throws(ListenError) -> ListeningSocket {
    guard let address = UnixAddress(path) else {
      throw ListenError(
        .pathTooLong, subject: path,
        reason: "the path has \(path.utf8.count) bytes, and a socket's may have \(UnixAddress.longestPath)")
    }
    try makeDirectory(of: path)
    do throws(PathObjection) {
      try PathTrust(userID: geteuid()).checkDirectory(parent(path).isEmpty ? "/" : parent(path), isOwn: true)
    } catch {
      switch error.code {
      case .foreign, .planted, .shared:
        throw ListenError(.system(EACCES), subject: path, reason: "the socket is not created there: \(error)")
      // Binding it says what is the matter.
      case .link, .missing, .unreadable, .wrongKind: break
      }
    }
    try removeStale(path, address)
    let descriptor = try newSocket(path)
    // The mode of the socket before it has a name becomes the mode of its file: nobody can connect
    // in between, and the process-wide umask is left alone.
    guard fchmod(descriptor, 0o600) == 0, address.bind(descriptor) == 0, listen(descriptor, backlog) == 0 else {
      let code = errno
      close(descriptor)
      throw failure(code, path, "cannot be bound")
    }
    var status = stat()
    guard lstat(path, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw failure(code, path, "is gone again")
    }
    return ListeningSocket(
      descriptor: descriptor, bound: Bound(path: path, device: status.st_dev, inode: status.st_ino))
  }

  /// Removes the socket's file, if it was us who made it and it is still the same.
  ///
  /// To be called before the descriptor is closed: until then no other file gets the inode's number.
  func removeFile() {
    guard let bound else { return }
    var status = stat()
    guard lstat(bound.path, &status) == 0, status.st_dev == bound.device, status.st_ino == bound.inode else { return }
    unlink(bound.path)
  }

  private static func newSocket(_ path: String) throws(ListenError) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw failure(errno, path, "cannot be made") }
    return descriptor
  }

  private static func makeDirectory(of path: String) throws(ListenError) {
    var missing: [String] = []
    var directory = parent(path)
    while !directory.isEmpty, directory != "/", access(directory, F_OK) != 0, errno == ENOENT {
      missing.append(directory)
      directory = parent(directory)
    }
    for directory in missing.reversed() where mkdir(directory, 0o700) != 0 && errno != EEXIST {
      throw failure(errno, path, "its directory \(directory) cannot be made")
    }
  }

  private static func removeStale(_ path: String, _ address: UnixAddress) throws(ListenError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw failure(errno, path, "cannot be looked at")
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw ListenError(.notASocket, subject: path, reason: "the file there is not a socket; it is left alone")
    }
    let probe = try newSocket(path)
    defer { close(probe) }
    guard address.connect(probe) != 0, errno == ECONNREFUSED else {
      throw ListenError(.inUse, subject: path, reason: "another process answers there")
    }
    guard unlink(path) == 0 || errno == ENOENT else {
      throw failure(errno, path, "the socket of a former process cannot be removed")
    }
  }

  private static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
  }

  private static func failure(_ code: Int32, _ path: String, _ what: String) -> ListenError {
    ListenError(.system(code), subject: path, reason: "\(what): \(String(cString: strerror(code)))")
  }
}
