// SPDX-License-Identifier: Apache-2.0

import Town

/// The small files by which git finds a repository from a directory, and a worktree from its repository
/// (gitrepository-layout(5)).
enum GitLink {
  /// They hold a path each.
  private static let limit = 64 << 10

  /// Where the `.git` at a path leads, whether or not anything is there: itself where it is a directory, else what is
  /// written in it. `nil` where there is no `.git`, or it names nothing.
  static func target(of path: String) -> String? {
    if Disk.isDirectory(path) { return path }
    guard let line = line(path), line.hasPrefix("gitdir: ") else { return nil }
    return absolute(String(line.dropFirst("gitdir: ".count)), in: Disk.parent(of: path))
  }

  /// The repository to which a git directory belongs: itself, or for a worktree's the one that its `commondir` names.
  static func commonDirectory(of directory: String) -> String? {
    guard Disk.exists("\(directory)/commondir") else { return directory }
    return line("\(directory)/commondir").flatMap { Disk.canonical(absolute($0, in: directory)) }
  }

  /// The `.git` of the worktree whose entry in its repository this is; `nil` where this is no such entry.
  static func backlink(of directory: String) -> String? {
    line("\(directory)/gitdir").map { absolute($0, in: directory) }
  }

  private static func line(_ path: String) -> String? {
    guard let bytes = try? Disk.read(path, limit: limit) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let line = text.split(whereSeparator: \.isNewline).first else { return nil }
    return String(line)
  }

  private static func absolute(_ path: String, in directory: String) -> String {
    path.hasPrefix("/") ? path : "\(directory)/\(path)"
  }
}
