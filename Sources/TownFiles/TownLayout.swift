// SPDX-License-Identifier: Apache-2.0

package import Town
import Glibc

/// Where everything of a town lies.
package struct TownLayout: Sendable, Hashable {
  /// The town's root: an absolute path without symbolic links.
  package let root: String

  package init(root: String) { self.root = root }

  package func path(_ relative: String) -> String { relative.isEmpty ? root : "\(root)/\(relative)" }

  package var townFile: String { path("mayor/town.json") }
  package var registry: String { path("mayor/rigs.json") }
  package var settings: String { path("mayor/daemon.json") }
  package var lock: String { path("daemon/lock") }
  package var state: String { path("daemon/state.json") }
  package var activity: String { path("daemon/activity.json") }
  package var ledger: String { path("daemon/restarts.json") }
  package var holds: String { path("daemon/holds") }
  package var crashes: String { path("daemon/crashes") }
  package var history: String { path("daemon/history") }
  package var embeddedStore: String { path("daemon/beads.sqlite") }
  package var pendingSpawns: String { path("spawn/pending.json") }
  /// The PID file of the original daemon.
  package var originalPIDFile: String { path("daemon/daemon.pid") }
  package var beads: String { path(".beads") }

  package func directory(of agent: AgentIdentity) -> String {
    if case .witness(let rig) = agent, !Disk.isDirectory(path(agent.directory)) { return path(rig) }
    return path(agent.directory)
  }

  /// A short name for this town that a tmux option can hold: the FNV-1a hash of its path.
  package var mark: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in root.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return "town-" + String(hash, radix: 16)
  }

  /// The mark of a pane that others have made and a daemon of this town has adopted.
  package var adoptedMark: String { "\(mark):adopted" }
}

extension TownLayout {
  /// Finds the town: `--town`, then `GT_TOWN_ROOT`, then (for `gt`) the nearest parent directory with
  /// `mayor/town.json`, then `~/gt`. A parent directory with another user's `mayor/` is no town: anybody can make one in
  /// a directory such as /tmp.
  ///
  /// - Parameter userID: of the user whose town is looked for, by default this process's; root finds every user's.
  /// - Throws: ``TownFileError`` that names what was looked at.
  package static func find(
    option: String?, environment: [String: String], workingDirectory: String?, userID: UInt32? = nil
  ) throws(TownFileError) -> TownLayout {
    if let option { return try at(option, because: "--town") }
    if let variable = environment["GT_TOWN_ROOT"], !variable.isEmpty {
      return try at(variable, because: "GT_TOWN_ROOT")
    }
    let place = workingDirectory ?? ""
    let userID = userID ?? geteuid()
    if let found = town(around: place, of: userID) { return try at(found, because: "it") }
    do {
      return try at("\(environment["HOME"] ?? "")/gt", because: "the default, ~/gt")
    } catch {
      var error = error
      if let other = directory(atOrAbove: place, where: { Disk.exists(TownLayout(root: $0).townFile) }) {
        error.reason += "; \(TownLayout(root: other).townFile) is another user's, and not used"
      }
      throw error
    }
  }

  /// The root of the town of this user in which a directory is, or which it is; `nil` where it is in none.
  package static func town(around directory: String) -> String? { town(around: directory, of: geteuid()) }

  /// The town in which a directory is. A project of a town's rig may look like a town itself: from within its worktree
  /// the town is meant.
  ///
  /// - Parameter depth: how many towns within towns are looked at yet; links may lead round in a circle.
  private static func town(around place: String, of userID: UInt32, depth: Int = 8) -> String? {
    guard let nearest = directory(atOrAbove: place, where: { isTown($0, of: userID) }) else { return nil }
    if nearest == "/" || depth == 0 { return nearest }
    var places = [(inside: nearest, above: Disk.parent(of: nearest))]
    // The worktree itself may be elsewhere, behind a symbolic link.
    if !Disk.isDirectory("\(nearest)/.git"), let target = GitLink.target(of: "\(nearest)/.git") {
      let entry = Disk.canonical(target) ?? target
      places.append((inside: entry, above: entry))
    }
    for (inside, above) in places {
      guard let outer = town(around: above, of: userID, depth: depth - 1) else { continue }
      if isOfRig(inside.dropFirst(outer == "/" ? 1 : outer.count + 1), of: outer) { return outer }
    }
    return nearest
  }

  /// Whether a path below a town's root is in a project of one of its rigs.
  private static func isOfRig(_ path: Substring, of root: String) -> Bool {
    let parts = path.split(separator: "/")
    guard parts.count >= 2, ["polecats", "crew", "mayor", "refinery", "witness", ".repo.git"].contains(parts[1]) else {
      return false
    }
    let rigs = try? RigRegistry(layout: TownLayout(root: root)).rigs()
    return rigs?.contains { $0.name == parts[0] } ?? true
  }

  /// Whether a directory is a town that this user has made, or for root one that one user has made.
  private static func isTown(_ directory: String, of userID: UInt32) -> Bool {
    func owner(_ path: String) -> UInt32? {
      var status = stat()
      return lstat(path, &status) == 0 ? status.st_uid : nil
    }
    let layout = TownLayout(root: directory)
    guard let file = owner(layout.townFile), owner(layout.path("mayor")) == file else { return false }
    return file == userID || userID == 0 && owner(directory) == file
  }

  private static func directory(atOrAbove place: String, where isWanted: (String) -> Bool) -> String? {
    var directory = place
    while directory.hasPrefix("/") {
      if isWanted(directory) { return directory }
      if directory == "/" { break }
      directory = Disk.parent(of: directory)
    }
    return nil
  }

  private static func at(_ path: String, because source: String) throws(TownFileError) -> TownLayout {
    guard let root = Disk.canonical(path) else {
      throw TownFileError(
        .missing, path: path, reason: "no such town (from \(source)); make one with: gt town init \(path)")
    }
    let layout = TownLayout(root: root)
    guard Disk.exists(layout.townFile) else {
      throw TownFileError(
        .missing, path: layout.townFile,
        reason: "a town has this file, and it is missing (from \(source)); make a town with: gt town init \(root)")
    }
    return layout
  }
}
