// SPDX-License-Identifier: Apache-2.0

/// A repository of which a rig's polecats have worktrees.
package struct RigRepository: Sendable, Hashable {
  /// Its common git directory, symbolic links resolved.
  package let directory: String

  /// A worktree as the repository knows it: `worktrees/ID` in it.
  struct Entry: Sendable, Hashable {
    /// Symbolic links resolved.
    var directory: String
    /// The worktree's `.git`, as the entry's `gitdir` names it.
    var link: String
  }

  /// Those of a rig: of its clone, and the bare one that other tools keep beside it.
  package static func all(of rig: String, in layout: TownLayout) -> [RigRepository] {
    ["mayor/rig/.git", ".repo.git"].compactMap { name -> String? in
      let path = layout.path("\(rig)/\(name)")
      guard let directory = GitLink.target(of: path).flatMap(Disk.canonical) else { return nil }
      return GitLink.commonDirectory(of: directory)
    }.reduce(into: []) { found, directory in
      let repository = RigRepository(directory: directory)
      if !found.contains(repository) { found.append(repository) }
    }
  }

  /// - Returns: `nil` where there is no such worktree, or what is there is no whole entry.
  func entry(_ id: String) -> Entry? {
    guard let place = Disk.canonical("\(directory)/worktrees/\(id)"), Disk.exists("\(place)/HEAD"),
      let link = GitLink.backlink(of: place)
    else { return nil }
    return Entry(directory: place, link: link)
  }

  /// All worktrees of which there is a whole entry.
  var entries: [Entry] {
    ((try? Disk.names(in: "\(directory)/worktrees")) ?? []).compactMap { entry($0) }
  }
}
