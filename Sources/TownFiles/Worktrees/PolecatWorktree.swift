// SPDX-License-Identifier: Apache-2.0

package import Town

/// A polecat's worktree: whether git that is called in it works on it, told from files alone.
///
/// Where `.git` is missing or leads nowhere, git goes on looking further up, and may find the town's own repository.
/// `git worktree repair` does not serve here: it also writes anew the links of all other worktrees that the repository
/// knows, and in a copied town those are the original's.
package struct PolecatWorktree: Sendable {
  private let layout: TownLayout
  private let agent: AgentIdentity
  private let repositories: [RigRepository]
  /// The directory with `.git` in it: the polecat's own, or the one in it that is called like its rig, where other tools
  /// put the worktree.
  package let directory: String

  package init(_ agent: AgentIdentity, in layout: TownLayout) {
    self.init(agent, in: layout, repositories: agent.rig.map { RigRepository.all(of: $0, in: layout) } ?? [])
  }

  /// - Parameter repositories: the rig's, where they are known already.
  package init(_ agent: AgentIdentity, in layout: TownLayout, repositories: [RigRepository]) {
    self.layout = layout
    self.agent = agent
    self.repositories = repositories
    let place = layout.directory(of: agent)
    let inner = "\(place)/\(agent.rig ?? "")"
    directory = !Disk.exists("\(place)/.git") && Disk.exists("\(inner)/.git") ? inner : place
  }

  private var link: String { "\(directory)/.git" }

  package var standing: WorktreeStanding { examine().standing }

  /// Writes the link between the worktree and its repository anew, where that is needed and loses nothing.
  ///
  /// - Returns: what was mended; `nil` where nothing had to be.
  /// - Throws: ``TownFileError`` where the worktree is broken, or the link cannot be written.
  package func mend() throws(TownFileError) -> String? {
    let found = examine()
    switch found.standing {
    case .sound: return nil
    case .broken(let reason): throw TownFileError(.malformed, path: directory, reason: reason)
    case .mendable(let reason):
      guard let entry = found.entry, let place = Disk.canonical(directory) else {
        throw TownFileError(.malformed, path: directory, reason: reason)
      }
      // In this order each of the two states between is one that can be mended.
      try Disk.rewrite(Array("\(place)/.git\n".utf8), to: "\(entry.directory)/gitdir")
      try Disk.rewrite(Array("gitdir: \(entry.directory)\n".utf8), to: link)
      return "the link between the worktree and its repository was repaired: \(reason)"
    }
  }

  /// The two files by which a worktree that was copied with its town belongs to this town's repository: each path with
  /// the line that it is to hold. `nil` where no entry of the rig's repositories is plainly this worktree's.
  package var linksOfCopy: [(path: String, line: String)]? {
    guard let target = GitLink.target(of: link), let id = RigRepository.id(of: target),
      let place = Disk.canonical(directory), let entry = entry(id), GitLink.backlink(of: target) == entry.link
    else { return nil }
    return [("\(entry.directory)/gitdir", "\(place)/.git"), (link, "gitdir: \(entry.directory)")]
  }

  private typealias Found = (standing: WorktreeStanding, entry: RigRepository.Entry?)

  private func examine() -> Found {
    guard Disk.isDirectory(directory) else { return (.sound, nil) }
    guard Disk.exists(link) else { return withoutLink() }
    if Disk.isDirectory(link) {
      return Disk.exists("\(link)/HEAD") ? (.sound, nil) : broken("its .git is a directory without a repository in it")
    }
    guard let target = GitLink.target(of: link) else { return broken("its .git names no repository") }
    guard let place = Disk.canonical(target), Disk.exists("\(place)/HEAD") else { return leadingNowhere(target) }
    return leading(to: place)
  }

  private func withoutLink() -> Found {
    guard !repositories.isEmpty else { return (.sound, nil) }
    let own = repositories.flatMap(\.entries).filter { isHere($0.link) }
    if own.count == 1 { return (.mendable("its .git was missing"), own.first) }
    return broken("it has no .git, so it is not a worktree of its rig's repository")
  }

  private func leadingNowhere(_ target: String) -> Found {
    let path = displayable(String(target.prefix(300)))
    guard let id = RigRepository.id(of: target), let entry = entry(id), isHere(entry.link) || wasHere(entry.link) else {
      return broken("its .git leads nowhere, to \(path)")
    }
    return (.mendable("its .git led nowhere, to \(path)"), entry)
  }

  /// - Parameter place: a git directory that is there, symbolic links resolved.
  private func leading(to place: String) -> Found {
    guard let repository = GitLink.commonDirectory(of: place) else {
      return broken("its .git leads to \(displayable(place)), which belongs to no repository")
    }
    let isOfRig = repositories.contains { $0.directory == repository }
    let isForeign = !isOfRig && !repositories.isEmpty && !repository.hasPrefix("\(layout.root)/")
    let foreign = broken(
      "its .git leads to a repository outside of the town, \(displayable(repository)): what is committed here goes there"
    )
    // Without the way back it is a repository of the directory's own, kept elsewhere.
    guard let back = GitLink.backlink(of: place) else { return isForeign ? foreign : (.sound, nil) }
    if isHere(back) { return isForeign ? foreign : (.sound, nil) }
    guard isOfRig else {
      return broken(
        "its .git leads to the repository \(displayable(repository)), which lists another worktree in its place")
    }
    if Disk.exists(back) {
      return broken(
        "it is a copy of the worktree \(displayable(Disk.parent(of: back))), and what is committed here goes onto the "
          + "branch of that one")
    }
    return (
      .mendable("its repository listed it at the former place \(displayable(Disk.parent(of: back)))"),
      RigRepository.Entry(directory: place, link: back)
    )
  }

  private func broken(_ reason: String) -> Found { (.broken(reason), nil) }

  private func entry(_ id: String) -> RigRepository.Entry? {
    let found = repositories.compactMap { $0.entry(id) }
    return found.count == 1 ? found.first : nil
  }

  /// Whether a path is that of this worktree's `.git`, through any links.
  private func isHere(_ path: String) -> Bool {
    if path == link { return true }
    let parent = Disk.parent(of: path)
    return path == "\(parent)/.git" && Disk.canonical(parent).map { $0 == Disk.canonical(directory) } == true
  }

  /// Whether a path may be that of this worktree's `.git` before the town was moved: nothing is there, and the directory
  /// is called the same.
  private func wasHere(_ path: String) -> Bool {
    guard !Disk.exists(path) else { return false }
    return path.hasSuffix("/polecats/\(agent.name ?? "")\(directory.dropFirst(layout.directory(of: agent).count))/.git")
  }
}

extension RigRepository {
  /// The name of the entry in a repository to which a path leads: `…/worktrees/ID`.
  static func id(of path: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.count >= 2, parts[parts.count - 2] == "worktrees", let id = parts.last, id != ".." else { return nil }
    return String(id)
  }
}
