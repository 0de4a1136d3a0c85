// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The files that the daemon has written into a directory of evidence, in that order: `daemon/crashes.index`,
/// `daemon/history.index`. Any process can write names and dates in such a directory, so removals go by this index.
///
/// One line for each time that something was written: its name, and how many bytes it then had.
struct EvidenceIndex: Sendable {
  struct Entry: Sendable, Hashable {
    var name: String
    var size: Int64
  }

  let layout: TownLayout
  let path: String
  /// With more lines than this, it is written anew without those that are out of date.
  static let longest = 4_000

  /// Adds a line. It is called before the file itself is written: a name without a file does no harm.
  func note(_ entry: Entry) throws(TownFileError) {
    try layout.checkBounds(of: path)
    try Disk.makeDirectory(Disk.parent(of: path))
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw TownFileError(.unwritable, path: path, reason: Disk.reason(errno)) }
    defer { close(descriptor) }
    _ = try Disk.sizeOfOwn(descriptor, path: path)
    let line = Array(Self.line(entry).utf8)
    guard write(descriptor, line, line.count) == line.count else {
      throw TownFileError(.unwritable, path: path, reason: Disk.reason(errno))
    }
  }

  /// The lines, the oldest first; `nil` where nothing was noted yet.
  func lines() throws(TownFileError) -> [Entry]? {
    guard !Disk.isLink(path) else {
      throw TownFileError(.unreadable, path: path, reason: "it is a symbolic link, which the daemon did not make")
    }
    let content: [UInt8]
    do throws(TownFileError) {
      content = try Disk.read(path, limit: FileLimit.evidenceIndex)
    } catch {
      if error.code == .missing { return nil }
      throw error
    }
    return String(decoding: content, as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 2, let size = Int64(words[1]), size >= 0 else { return nil }
      return Entry(name: String(words[0]), size: size)
    }
  }

  /// Writes it anew.
  func replace(by entries: [Entry]) throws(TownFileError) {
    try layout.checkBounds(of: path)
    try Disk.write(Array(entries.map(Self.line).joined().utf8), to: path)
  }

  private static func line(_ entry: Entry) -> String { "\(entry.name) \(entry.size)\n" }
}
