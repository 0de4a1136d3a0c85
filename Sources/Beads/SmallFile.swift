// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads the little files beside a database. Only regular files, so that nothing can make it wait.
enum SmallFile {
  struct Failure: Error {
    var path: String
    var errno: Int32
    var description: String { "\(path): \(String(cString: strerror(errno)))" }
  }

  enum Kind { case missing, directory, regular, other }

  /// What is at `path`, links followed. A link that leads nowhere is a failure: what it stands for may be on a disk
  /// that is not mounted.
  static func kind(of path: String) throws(Failure) -> Kind {
    var status = stat()
    guard stat(path, &status) == 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR, !isLost(path) { return .missing }
      throw Failure(path: path, errno: code)
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .directory
    case S_IFREG: return .regular
    default: return .other
    }
  }

  /// The largest file that is read where nothing else is said, in bytes.
  static let largest = 1 << 20

  /// Whether a symbolic link at or above a path where nothing is leads nowhere.
  private static func isLost(_ path: String) -> Bool {
    var place = path[...]
    var status = stat()
    while !place.isEmpty, stat(String(place), &status) != 0 {
      if lstat(String(place), &status) == 0, status.st_mode & S_IFMT == S_IFLNK { return true }
      place = place[..<(place.lastIndex(of: "/") ?? place.startIndex)]
    }
    return false
  }

  /// The file's bytes; `nil` where there is none.
  static func read(_ path: String, limit: Int = largest) throws(Failure) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR, !isLost(path) { return nil }
      throw Failure(path: path, errno: code)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Failure(path: path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(path: path, errno: EINVAL) }
    guard status.st_size <= limit else { throw Failure(path: path, errno: EFBIG) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while bytes.count <= limit {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure(path: path, errno: errno) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: buffer[..<count])
    }
    throw Failure(path: path, errno: EFBIG)
  }

  /// The one true path of something that exists; `nil` where it does not.
  static func canonical(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
