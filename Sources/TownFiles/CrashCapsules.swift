// SPDX-License-Identifier: Apache-2.0

import Glibc

package import Town

/// `daemon/crashes/`: one file for each death, 0600, the newest of which are kept. Which ones the daemon has written,
/// and in which order, is in `daemon/crashes.index`.
package struct CrashCapsules: Sendable {
  private let layout: TownLayout
  private var directory: String { layout.crashes }
  private static let suffix = ".json"

  package init(layout: TownLayout) { self.layout = layout }

  package func path(of id: String) -> String { "\(directory)/\(id)\(CrashCapsules.suffix)" }

  /// Writes a capsule, or writes it anew with more in it.
  ///
  /// - Throws: ``TownFileError``, also where the directory is a symbolic link: nothing of a town may
  ///   lead the daemon's writing elsewhere.
  package func write(_ capsule: CrashCapsule) throws(TownFileError) {
    try checkDirectory()
    try layout.checkBounds(of: path(of: capsule.id))
    let content = try Disk.json(capsule, for: path(of: capsule.id))
    if try index.lines() == nil { try adopt() }
    try index.note(EvidenceIndex.Entry(name: capsule.id, size: Int64(content.count)))
    try Disk.write(content, to: path(of: capsule.id))
  }

  /// The ids of all capsules, the newest first, those that the daemon has written before any others.
  package func ids() throws(TownFileError) -> [String] {
    try checkDirectory()
    let ids = try Disk.names(in: directory).compactMap(CrashCapsules.id)
    guard let lines = try? index.lines() else { return ids.reversed() }
    let ours = Set(lines.map(\.name))
    return ids.filter(ours.contains).reversed() + ids.filter { !ours.contains($0) }.reversed()
  }

  private var index: EvidenceIndex { EvidenceIndex(layout: layout, path: "\(directory).index") }

  package func contains(_ id: String) -> Bool { Disk.exists(path(of: id)) }

  /// - Throws: ``TownFileError``, `.missing` where there is none.
  package func read(_ id: String) throws(TownFileError) -> CrashCapsule {
    let path = path(of: id)
    guard !Disk.isLink(path) else {
      throw TownFileError(.unreadable, path: path, reason: "it is a symbolic link, which the daemon did not make")
    }
    return try Disk.readJSON(CrashCapsule.self, from: path, limit: FileLimit.capsule)
  }

  /// How young a capsule is, in days, that is not given up without a word.
  private static let youth = 7

  /// Removes the daemon's oldest capsules beyond the limits, and unfinished files of a daemon that was killed while
  /// writing. Files of others are left, and do not count.
  ///
  /// - Parameter now: the time, which determines what was removed early.
  /// - Returns: remarks for a person.
  @discardableResult
  package func prune(now: Timestamp? = nil) throws(TownFileError) -> [String] {
    try Disk.removeAbandoned(in: directory)
    if try index.lines() == nil { try adopt() }
    let lines = try index.lines() ?? []
    // Written again it keeps its place.
    let sizes = Dictionary(lines.map { ($0.name, $0.size) }, uniquingKeysWith: { _, last in last })
    var seen: Set<String> = []
    let order = lines.map(\.name).filter { seen.insert($0).inserted }
    let present = Set(try Disk.names(in: directory).compactMap(CrashCapsules.id))
    let ours = order.filter(present.contains)
    let excess = CapsuleShelf.excess(ours.map { CapsuleShelf.File(name: $0, size: sizes[$0] ?? 0) })
    for id in excess { try Disk.remove(path(of: id)) }
    if lines.count > EvidenceIndex.longest {
      let gone = Set(excess)
      try index.replace(
        by: ours.filter { !gone.contains($0) }.map { EvidenceIndex.Entry(name: $0, size: sizes[$0] ?? 0) })
    }

    var remarks: [String] = []
    if let last = excess.last, let now, let time = CrashCapsule.time(ofID: last),
      now - time < .seconds(86_400 * Self.youth)
    {
      remarks.append(
        """
        capsules of deaths are removed before they are \(Self.youth) days old: there are more than \
        \(CapsuleShelf.countLimit), or more than \(CapsuleShelf.byteLimit / 1_000_000) MB
        """)
    }
    let strangers = present.subtracting(order)
    if !strangers.isEmpty {
      remarks.append(
        """
        \(directory) holds capsules that the daemon has not written. They cause no removal of other capsules, and are \
        not removed; \(index.path) lists the capsules of the daemon
        """)
    }
    return remarks
  }

  /// Takes over what a daemon has written that kept no index: what bears a time to come is none of it.
  private func adopt() throws(TownFileError) {
    var entries: [EvidenceIndex.Entry] = []
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let limit = CrashCapsule.id(time: Timestamp(seconds: Int64(now.tv_sec) + 86_400), session: "")
    for id in try Disk.names(in: directory).compactMap(CrashCapsules.id) where id < limit {
      var status = stat()
      guard lstat(path(of: id), &status) == 0 else { continue }
      entries.append(EvidenceIndex.Entry(name: id, size: Int64(status.st_size)))
    }
    try index.replace(by: entries)
  }

  private func checkDirectory() throws(TownFileError) {
    guard !Disk.isLink(directory) else {
      throw TownFileError(.unwritable, path: directory, reason: "it is a symbolic link; make it a directory, 0700")
    }
  }

  private static func id(_ name: String) -> String? {
    guard name.hasSuffix(suffix) else { return nil }
    let id = String(name.dropLast(suffix.count))
    return CrashCapsule.session(ofID: id) == nil ? nil : id
  }
}
