// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A process that listens on a Unix socket, whether or not the socket's file is still there.
package struct SocketListener: Sendable, Hashable {
  package var process: ProcessIdentity
  /// The path to which the socket was bound, as the process gave it.
  package var path: String
  /// Whether the process has a handler for a signal.
  package var handles: Set<Int32>

  package init(process: ProcessIdentity, path: String, handles: Set<Int32>) {
    self.process = process
    self.path = path
    self.handles = handles
  }
}

/// Sockets outlive their files: the kernel's list of them (`/proc/net/unix`) says to which path each was bound, and the
/// descriptors of a process which ones are its own.
extension ProcessTable {
  /// The processes of this user that run `program`, or any, and listen on a socket that was bound to `path`. Empty where
  /// the list cannot be read; for want of descriptors that shows in ``misses``.
  package func listeners(at path: String, program: String?) -> [SocketListener] {
    let bound = listeningSockets().filter { Self.isSame($0.value, path) }
    guard !bound.isEmpty else { return [] }
    return (ProcessFiles.numbers(in: root) ?? []).flatMap { listeners($0, program: program, among: bound) }
      .filter { sees($0.process.pid, path) }
  }

  /// How many sockets that were bound to `path` are listened on, whichever process does.
  package func countOfListeners(at path: String) -> Int { listeningSockets().count { Self.isSame($0.value, path) } }

  /// The sockets on which one process of this user listens, where it runs `program`.
  package func listeners(of pid: Int32, program: String) -> [SocketListener] {
    isOurs(pid) && runs(pid, program) ? listeners(pid, program: program, among: listeningSockets()) : []
  }

  private func listeners(_ pid: Int32, program: String?, among sockets: [UInt64: String]) -> [SocketListener] {
    guard isOurs(pid), let identity = identity(of: pid), program.map({ runs(pid, $0) }) ?? true else { return [] }
    let directory = "\(root)/\(pid)/fd"
    let paths = (ProcessFiles.numbers(in: directory) ?? []).compactMap { number -> String? in
      guard let target = ProcessFiles.destination(of: "\(directory)/\(number)"), target.hasPrefix("socket:["),
        let inode = UInt64(target.dropFirst("socket:[".count).dropLast())
      else { return nil }
      return sockets[inode]
    }
    let handled = paths.isEmpty ? [] : handledSignals(of: pid)
    return Set(paths).sorted().map { SocketListener(process: identity, path: $0, handles: handled) }
  }

  /// The sockets that are listened on, by inode: lines of `Num RefCount Protocol Flags Type St Inode Path`.
  private func listeningSockets() -> [UInt64: String] {
    guard let text = ProcessFiles.text("\(root)/net/unix") else { return [:] }
    var sockets: [UInt64: String] = [:]
    for line in text.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
      // Bit 16 of the flags: it accepts connections. A path that does not begin with `/` names no file for sure.
      guard fields.count == 8, let flags = UInt32(fields[3], radix: 16), flags & 0x1_0000 != 0,
        let inode = UInt64(fields[6]), fields[7].hasPrefix("/")
      else { continue }
      sockets[inode] = String(fields[7])
    }
    return sockets
  }

  /// Whether a process is this user's.
  package func isOurs(_ pid: Int32) -> Bool {
    var status = stat()
    return stat("\(root)/\(pid)", &status) == 0 && status.st_uid == getuid()
  }

  /// Whether the file that a process runs bears the name, also where an upgrade has replaced it.
  package func runs(_ pid: Int32, _ program: String) -> Bool { self.program(of: pid) == program }

  /// The name of the file that a process runs, also where an upgrade has replaced it; `nil` where it may not be read.
  package func program(of pid: Int32) -> String? {
    guard let path = ProcessFiles.destination(of: "\(root)/\(pid)/exe") else { return nil }
    let name = String(path.split(separator: "/").last ?? "")
    return name.hasSuffix(" (deleted)") ? String(name.dropLast(" (deleted)".count)) : name
  }

  /// Whether a path means the same directory to a process as to us: it may be in a container of its own.
  private func sees(_ pid: Int32, _ path: String) -> Bool {
    var place = Self.parent(of: path)
    var ours = stat()
    while stat(place, &ours) != 0, place != "/" { place = Self.parent(of: place) }
    var theirs = stat()
    return stat("\(root)/\(pid)/root\(place)", &theirs) == 0 && ours.st_dev == theirs.st_dev
      && ours.st_ino == theirs.st_ino
  }

  /// Signals 1 to 64 for which a process has a handler.
  private func handledSignals(of pid: Int32) -> Set<Int32> {
    guard let text = ProcessFiles.text("\(root)/\(pid)/status"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("SigCgt:") }),
      let mask = UInt64(line.dropFirst("SigCgt:".count).filter { !$0.isWhitespace }, radix: 16)
    else { return [] }
    return Set((1...64).filter { mask & 1 << UInt64($0 - 1) != 0 }.map(Int32.init))
  }

  /// Whether two paths mean one file, wherever links lead to its directory.
  private static func isSame(_ one: String, _ other: String) -> Bool {
    one == other || (name(one) == name(other) && canonical(one) == canonical(other))
  }

  /// With the links in those of its directories that are there resolved.
  private static func canonical(_ path: String) -> String {
    let directory = parent(of: path)
    if let resolved = realpath(directory, nil) {
      defer { free(resolved) }
      return "\(String(cString: resolved))/\(name(path))"
    }
    return directory == "/" ? path : "\(canonical(directory))/\(name(path))"
  }

  private static func name(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}
