// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Judges paths that are connected to, read from or run from, by one rule: besides the user and root, no user of the
/// machine may be able to put something else there.
///
/// Every directory from the root down is opened without following links and judged by its descriptor, and so is each
/// one that a symbolic link leads through. What was judged cannot be exchanged by another user afterwards, since that
/// user may write to none of these directories. So a program that opens the path later opens what was judged.
package struct PathTrust: Sendable {
  /// The user on whose behalf.
  package let userID: UInt32
  /// Who may change everything anyway. In a user namespace root has the number of those who have none.
  private let roots: Set<UInt32>

  package init(userID: UInt32 = getuid()) {
    self.userID = userID
    roots = Self.rootsHere
  }

  private static let rootsHere: Set<UInt32> = {
    guard let file = fopen("/proc/self/uid_map", "re") else { return [0] }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, file) >= 0, let line {
      let first = String(cString: line).split(separator: " ").first
      if first == "0" { return [0] }
    }
    return [0, 65534]
  }()

  /// A file at the end of a path that no other user can exchange.
  struct Place: Sendable, Hashable {
    var path: String
    var facts: FileFacts
    /// Whether other users may write to the file itself.
    var isShared: Bool
  }

  /// A directory to which only its owner, who is the user or root, may write.
  ///
  /// - Parameter isOwn: whether it has to be the user's own.
  package func checkDirectory(_ path: String, isOwn: Bool = false) throws(PathObjection) {
    let place = try resolve(path, followsLast: true)
    guard place.facts.kind == .directory else { throw objection(.wrongKind, place, "is no directory") }
    try judge(place, isOwn: isOwn)
  }

  /// A regular file to which only its owner, who is the user or root, may write. Links on the way are followed.
  package func checkFile(_ path: String) throws(PathObjection) {
    let place = try resolve(path, followsLast: true)
    guard place.facts.kind == .regular else { throw objection(.wrongKind, place, "is no regular file") }
    try judge(place, isOwn: false)
  }

  /// A socket of the user's own, no link, in a directory of the user's own to which no other user may write.
  package func checkSocket(_ path: String) throws(PathObjection) {
    let path = Self.absolute(path)
    try checkDirectory(Self.parent(of: path), isOwn: true)
    let place = try resolve(path, followsLast: false)
    switch place.facts.kind {
    case .socket: break
    case .link: throw objection(.link, place, "is a symbolic link; name the socket itself")
    case .directory, .regular, .other: throw objection(.wrongKind, place, "is no socket")
    }
    guard place.facts.owner == userID else {
      throw objection(.foreign, place, "belongs to another user, who controls its answers")
    }
  }

  private func judge(_ place: Place, isOwn: Bool) throws(PathObjection) {
    let owner = place.facts.owner
    guard owner == userID || (!isOwn && roots.contains(owner)) else {
      throw objection(.foreign, place, "belongs to another user, who may put anything there")
    }
    guard !place.isShared else { throw shared(place) }
  }

  private func shared(_ place: Place) -> PathObjection {
    // Of a directory such as /tmp the way out is another directory, and not to close it.
    guard !place.facts.isSticky, place.facts.owner == userID else {
      return objection(
        .shared, place, "may be written to by other users; use a directory of your own that has mode 0700")
    }
    var objection = objection(.shared, place, "may be written to by other users")
    objection.remedy = ["chmod", "go-w", place.path]
    return objection
  }

  private func objection(_ code: PathObjection.Code, _ place: Place, _ reason: String) -> PathObjection {
    PathObjection(code, path: place.path, reason: reason, owner: place.facts.owner, mode: place.facts.mode)
  }
}

extension PathTrust {
  /// How many links one path may lead through.
  private static let mostLinks = 40

  /// Follows a path from the root down, and sees to it at each step that no other user can exchange the next one.
  func resolve(_ path: String, followsLast: Bool) throws(PathObjection) -> Place {
    var rest = Self.components(Self.absolute(path))
    var links = 0
    guard var directory = PlaceDescriptor("/") else { throw Self.unreadable("/") }
    var current = try look("/", directory)
    while let name = rest.popLast() {
      if name == ".." {
        guard let above = PlaceDescriptor("..", in: directory.number) else { throw Self.unreadable(current.path) }
        current = try look(Self.parent(of: current.path), above)
        directory = above
        continue
      }
      let child = "\(current.path == "/" ? "" : current.path)/\(name)"
      guard let opened = PlaceDescriptor(name, in: directory.number) else { throw Self.unreadable(child) }
      let next = try look(child, opened)
      try judge(next, in: current)
      if next.facts.kind == .link, followsLast || !rest.isEmpty {
        links += 1
        guard links <= Self.mostLinks, let target = opened.destination, !target.isEmpty else {
          throw objection(.link, next, "is a symbolic link that leads nowhere")
        }
        rest += Self.components(target)
        if target.hasPrefix("/") {
          guard let root = PlaceDescriptor("/") else { throw Self.unreadable("/") }
          current = try look("/", root)
          directory = root
        }
        continue
      }
      if rest.isEmpty { return next }
      guard next.facts.kind == .directory else { throw objection(.wrongKind, next, "is no directory") }
      current = next
      directory = opened
    }
    return current
  }

  /// Sees to it that no other user can put something else in the place of an entry of a directory.
  private func judge(_ entry: Place, in directory: Place) throws(PathObjection) {
    let owner = directory.facts.owner
    guard owner == userID || roots.contains(owner) else {
      throw objection(.foreign, directory, "belongs to another user, who may put anything there")
    }
    guard directory.isShared else { return }
    guard directory.facts.isSticky else { throw shared(directory) }
    let entryOwner = entry.facts.owner
    guard entryOwner == userID || roots.contains(entryOwner) else {
      throw objection(.planted, entry, "was created by another user, in a directory where all users may create files")
    }
  }

  private func look(_ path: String, _ descriptor: borrowing PlaceDescriptor) throws(PathObjection) -> Place {
    guard let facts = descriptor.facts else { throw Self.unreadable(path) }
    // Everybody has all rights to a link, and nobody can write to one.
    var isShared = facts.kind != .link && facts.mode & 0o002 != 0
    if facts.kind != .link, !isShared, facts.mode & 0o020 != 0 {
      isShared = descriptor.hasAccessList || OtherUsers.mayBe(in: facts.group, besides: userID)
    }
    return Place(path: path, facts: facts, isShared: isShared)
  }

  private static func unreadable(_ path: String) -> PathObjection {
    let code = errno
    return PathObjection(
      code == ENOENT ? .missing : .unreadable, path: path, reason: "cannot be used: \(String(cString: strerror(code)))")
  }

  /// In reverse, the last one first.
  private static func components(_ path: String) -> [String] {
    path.split(separator: "/").reversed().filter { $0 != "." }.map(String.init)
  }

  /// Of a path that begins at the working directory, the whole.
  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let directory = getcwd(nil, 0) else { return "/\(path)" }
    defer { free(directory) }
    return "\(String(cString: directory))/\(path)"
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}
