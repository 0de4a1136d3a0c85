// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the kernel says of one file, asked of a descriptor: what was looked at is what is judged.
struct FileFacts: Sendable, Hashable {
  enum Kind: Sendable, Hashable { case directory, regular, socket, link, other }

  var kind: Kind
  var owner: UInt32
  var group: UInt32
  /// The permission bits, with the sticky bit.
  var mode: UInt32

  init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFDIR: .directory
      case S_IFREG: .regular
      case S_IFSOCK: .socket
      case S_IFLNK: .link
      default: .other
      }
    owner = status.st_uid
    group = status.st_gid
    mode = status.st_mode & 0o7777
  }

  var isSticky: Bool { mode & 0o1000 != 0 }
}

/// A descriptor of a place in the file system by which nothing is read or written (`O_PATH`).
struct PlaceDescriptor: ~Copyable {
  let number: Int32

  /// `O_PATH`, which glibc shows only to GNU sources.
  private static let path: Int32 = 0o10_000_000

  /// - Returns: `nil` with `errno` set. A symbolic link is opened itself.
  init?(_ name: String, in directory: Int32 = AT_FDCWD) {
    let opened = openat(directory, name, Self.path | O_NOFOLLOW | O_CLOEXEC)
    guard opened >= 0 else { return nil }
    number = opened
  }

  deinit { close(number) }

  /// `nil` with `errno` set.
  var facts: FileFacts? {
    var status = stat()
    guard fstat(number, &status) == 0 else { return nil }
    return FileFacts(status)
  }

  /// Where a symbolic link leads; `nil` with `errno` set.
  var destination: String? {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlinkat(number, "", &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether an access control list gives further users rights. The group's bits show only the most of them.
  var hasAccessList: Bool {
    guard let getxattr = Self.getxattr else { return false }
    return getxattr("/proc/self/fd/\(number)", "system.posix_acl_access", nil, 0) > 0
  }

  private typealias GetAttribute =
    @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int

  /// `getxattr(2)`, which glibc's module for Swift does not have.
  private static let getxattr = dlsym(nil, "getxattr").map { unsafeBitCast($0, to: GetAttribute.self) }
}
