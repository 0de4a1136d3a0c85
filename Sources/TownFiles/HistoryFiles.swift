// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

package import Town

/// `daemon/history/<session>.jsonl`: what was decided about each agent, one line an entry, 0600. A file
/// that has grown too large loses its older half. To which of them something has happened, and not just been decided, is
/// in `daemon/history.index`.
package struct HistoryFiles: Sendable {
  private let layout: TownLayout
  private var directory: String { layout.history }
  /// The most that one agent's history may hold, in bytes.
  private let limit: Int
  package static let limit = 64 << 10
  /// How many agents' histories are kept: names come and go.
  package static let countLimit = 1_000
  static let suffix = ".jsonl"

  package init(layout: TownLayout, limit: Int = HistoryFiles.limit) {
    self.layout = layout
    self.limit = limit
  }

  /// An agent's history, the oldest entry first; none where there is no file. Lines that make no
  /// sense are left out. Of a file that is larger than ``FileLimit/history``, which we have not made so, the end counts.
  package func entries(of session: String) throws(TownFileError) -> [HistoryEntry] {
    do throws(TownFileError) {
      return HistoryFiles.entries(in: try HistoryFiles.tail(of: path(of: session), bytes: FileLimit.history))
    } catch  where error.code == .missing {
      return []
    }
  }

  /// The last decision about an agent, as far as the end of its file tells.
  package func lastDecision(of session: String) -> HistoryEntry? {
    guard let tail = try? HistoryFiles.tail(of: path(of: session), bytes: 8 << 10) else { return nil }
    return HistoryFiles.entries(in: tail).last { $0.kind == .decision }
  }

  /// Whether any agent has been supervised. One that was only added has a history too.
  var haveSupervision: Bool {
    let names = (try? Disk.names(in: directory)) ?? []
    return names.contains { name in
      guard name.hasSuffix(Self.suffix), let tail = try? Self.tail(of: "\(directory)/\(name)", bytes: limit) else {
        return false
      }
      return Self.entries(in: tail).contains(where: \.isOfSupervision)
    }
  }

  /// The end of a file, however large that is.
  private static func tail(of path: String, bytes: Int) throws(TownFileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw TownFileError(errno == ENOENT ? .missing : .unreadable, path: path, reason: Disk.reason(errno))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw TownFileError(.unreadable, path: path, reason: "it is not a regular file")
    }
    var tail = [UInt8](repeating: 0, count: min(bytes, Int(status.st_size)))
    let count = pread(descriptor, &tail, tail.count, Int(status.st_size) - tail.count)
    guard count >= 0 else { throw TownFileError(.unreadable, path: path, reason: Disk.reason(errno)) }
    return Array(tail[..<count])
  }

  /// Adds lines to one agent's history, in one write.
  package func append(_ entries: [HistoryEntry], to session: String) throws(TownFileError) {
    let path = path(of: session)
    try layout.checkBounds(of: path)
    try Disk.makeDirectory(directory)
    if entries.contains(where: { $0.kind == .event }) {
      if try index.lines() == nil { try adopt() }
      try index.note(EvidenceIndex.Entry(name: session, size: 0))
    }
    var lines = try HistoryFiles.lines(entries, path: path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw TownFileError(.unwritable, path: path, reason: Disk.reason(errno)) }
    defer { close(descriptor) }
    let before = off_t(try Disk.sizeOfOwn(descriptor, path: path))
    // What was cut short must not spoil what comes after it.
    var last: UInt8 = 0
    if before > 0, pread(descriptor, &last, 1, before - 1) == 1, last != UInt8(ascii: "\n") {
      lines.insert(UInt8(ascii: "\n"), at: 0)
    }
    let written = Glibc.write(descriptor, lines, lines.count)
    guard written == lines.count else {
      let failure = written < 0 ? errno : ENOSPC
      if written > 0 { ftruncate(descriptor, before) }
      throw TownFileError(.unwritable, path: path, reason: Disk.reason(failure))
    }
    let size = Int(before) + lines.count
    if size > limit { try shorten(path, of: size, descriptor: descriptor) }
  }

  private var index: EvidenceIndex { EvidenceIndex(layout: layout, path: "\(directory).index") }

  /// Removes the oldest histories, where there are too many.
  ///
  /// Histories of agents that had an event, by the daemon's own records, are counted apart from all others: a directory
  /// is an agent, and thousands of new directories must not displace histories.
  ///
  /// - Returns: remarks for a person.
  @discardableResult
  package func prune(to count: Int = HistoryFiles.countLimit) throws(TownFileError) -> [String] {
    try Disk.removeAbandoned(in: directory)
    let sessions = try Disk.names(in: directory).filter { $0.hasSuffix(HistoryFiles.suffix) }
      .map { String($0.dropLast(HistoryFiles.suffix.count)) }
    if try index.lines() == nil { try adopt() }
    let lines = try index.lines() ?? []
    var seen: Set<String> = []
    let present = Set(sessions)
    // What happened last counts.
    let eventful = Array(
      lines.map(\.name).reversed().filter { seen.insert($0).inserted && present.contains($0) }.reversed())
    let gone = eventful.dropLast(count)
    for session in gone { try Disk.remove(path(of: session)) }
    if lines.count > EvidenceIndex.longest {
      try index.replace(by: eventful.suffix(count).map { EvidenceIndex.Entry(name: $0, size: 0) })
    }
    let others = present.subtracting(eventful)
    if others.count > count {
      let dated = others.map { session in
        var status = stat()
        let isThere = lstat(path(of: session), &status) == 0
        return (time: isThere ? Int64(status.st_mtim.tv_sec) : 0, session: session)
      }
      for file in dated.sorted(by: { $0 < $1 }).prefix(others.count - count) {
        try Disk.remove(path(of: file.session))
      }
    }
    guard !gone.isEmpty else { return [] }
    return ["histories of agents are removed: there are more than \(count) of agents that had an event"]
  }

  /// Takes over what a daemon has written that kept no index: the histories that tell of an event.
  private func adopt() throws(TownFileError) {
    var found: [(time: Timestamp, session: String)] = []
    for name in try Disk.names(in: directory) where name.hasSuffix(HistoryFiles.suffix) {
      guard let tail = try? HistoryFiles.tail(of: "\(directory)/\(name)", bytes: limit),
        let last = HistoryFiles.entries(in: tail).last(where: { $0.kind == .event })
      else { continue }
      found.append((last.time, String(name.dropLast(HistoryFiles.suffix.count))))
    }
    try index.replace(
      by: found.sorted { $0 < $1 }.map { EvidenceIndex.Entry(name: $0.session, size: 0) })
  }

  private func path(of session: String) -> String { "\(directory)/\(session)\(HistoryFiles.suffix)" }

  /// Keeps the newer half, from the beginning of a line.
  private func shorten(_ path: String, of size: Int, descriptor: Int32) throws(TownFileError) {
    var half = [UInt8](repeating: 0, count: limit / 2)
    let count = pread(descriptor, &half, half.count, off_t(size - half.count))
    guard count >= 0 else { throw TownFileError(.unreadable, path: path, reason: Disk.reason(errno)) }
    half.removeLast(half.count - count)
    let start = half.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? half.startIndex
    try Disk.write(Array(half[start...]), to: path)
  }

  private static func lines(_ entries: [HistoryEntry], path: String) throws(TownFileError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return try entries.flatMap { Array(try encoder.encode($0)) + [UInt8(ascii: "\n")] }
    } catch {
      throw TownFileError(.unwritable, path: path, reason: "it cannot be encoded: \(error)")
    }
  }

  private static func entries(in content: [UInt8]) -> [HistoryEntry] {
    let decoder = JSONDecoder()
    return content.split(separator: UInt8(ascii: "\n")).compactMap {
      try? decoder.decode(HistoryEntry.self, from: Data($0))
    }
  }
}
