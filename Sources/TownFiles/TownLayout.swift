// SPDX-License-Identifier: Apache-2.0

package import Town

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
  /// `mayor/town.json`, then `~/gt`.
  ///
  /// - Throws: ``TownFileError`` that names what was looked at.
  package static func find(
    option: String?, environment: [String: String], workingDirectory: String?
  ) throws(TownFileError) -> TownLayout {
    if let option { return try at(option, because: "--town") }
    if let variable = environment["GT_TOWN_ROOT"], !variable.isEmpty {
      return try at(variable, because: "GT_TOWN_ROOT")
    }
    var directory = workingDirectory ?? ""
    while directory.hasPrefix("/") {
      if Disk.exists("\(directory == "/" ? "" : directory)/mayor/town.json") { return try at(directory, because: "it") }
      if directory == "/" { break }
      directory = Disk.parent(of: directory)
    }
    return try at("\(environment["HOME"] ?? "")/gt", because: "the default, ~/gt")
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
        reason: "this marks a town and is not there (from \(source)); make a town with: gt town init \(root)")
    }
    return layout
  }
}
