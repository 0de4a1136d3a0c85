// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import CommandSupport
import Processes
import Supervision
import Town
import TownFiles

/// A polecat's directory: a worktree of its own where the rig has a repository, a plain one elsewhere.
struct PolecatDirectory: Sendable {
  let town: OpenTown
  let identity: AgentIdentity

  private var path: String { town.layout.path(identity.directory) }
  private var git: RigGit { RigGit(town: town, rig: identity.rig ?? "") }
  private var worktree: PolecatWorktree { PolecatWorktree(identity, in: town.layout) }

  /// What was made.
  struct Made: Sendable {
    /// Whether the directory was not there.
    var isNew: Bool
    /// Where its work begins, on which branch, and what was left as it is.
    var words: [String] = []
  }

  /// - Throws: `CommandRefusal` where something else is in its place, or the repository has nothing to begin at.
  func make() async throws -> Made {
    if Disk.isDirectory(path) { return Made(isNew: false, words: try found()) }
    guard git.isThere else {
      guard try makeDirectory() else { return Made(isNew: false, words: try found()) }
      return Made(isNew: true)
    }
    let beginning = PolecatBeginning(git: git, polecat: identity)
    let place = try await beginning.place()
    try await forget(losing: false)
    // What is in it from here on is ours, and goes again where git fails: half a worktree would be taken for a whole
    // one by whoever tries once more.
    guard try makeDirectory() else { return Made(isNew: false, words: try found()) }
    do {
      let branch = try await beginning.branch(at: place)
      let words = branch.isThere ? [path, branch.name] : ["--no-track", "-b", branch.name, path, place.commit]
      let result = try await git.run(["worktree", "add", "--quiet"] + words, deadline: .seconds(120))
      guard result.succeeded else { throw CommandRefusal("git worktree add failed: \(result.complaint)") }
      let said =
        ["It begins at \(place.name) (\(place.commit.prefix(12))), on the branch \(branch.name)."] + place.cautions
        + branch.words
      return Made(isNew: true, words: said)
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      try? await forget(losing: true)
      throw error
    }
  }

  /// What is there already is taken as it is, where git works on it there.
  private func found() throws -> [String] {
    switch worktree.standing {
    case .sound: return []
    case .mendable: return try worktree.mend().map { [$0] } ?? []
    case .broken(let reason):
      throw CommandRefusal(
        "\(path) is there already, and \(reason); move it away, or remove it with: "
          + "gt polecat remove \(identity.address) --force")
    }
  }

  private func makeDirectory() throws -> Bool {
    if try Disk.makeNewDirectory(path) { return true }
    if Disk.isDirectory(path) { return false }
    throw TownFileError(.unwritable, path: path, reason: "it is not a directory")
  }

  /// - Throws: `CommandRefusal` where something would be lost with the directory.
  func checkLoss() async throws {
    guard Disk.exists(path), !Disk.isLink(path), let loss = try await loss() else { return }
    throw CommandRefusal(
      "\(identity.address) \(loss); to discard that: gt polecat remove \(identity.address) --force")
  }

  /// The optimiser of Swift 6.3.1 ends with a fault of its own over this function ("splitting coroutine"), so it is not
  /// optimised.
  ///
  /// - Throws: `CommandRefusal` where something would be lost and `force` is not given.
  @_optimize(none) func remove(force: Bool) async throws {
    if !force { try await checkLoss() }
    // git would follow a link, and remove somebody else's worktree. With the link itself nothing is lost.
    if Disk.isLink(path) { return try Disk.remove(path) }
    await removeWorktree()
    if Disk.exists(path) { try await removeFiles() }
    await forgetIfPossible(losing: force)
  }

  /// Has git remove the worktree, where it is one. What git refuses for its own reasons (a lock, a broken link) is for
  /// the caller to remove.
  private func removeWorktree() async {
    guard Disk.exists(path) else { return }
    _ = try? worktree.mend()
    guard Disk.exists("\(path)/.git"), git.isThere else { return }
    do {
      try await git.run(["worktree", "remove", "--force", "--force", path], deadline: .seconds(120))
    } catch {}
  }

  /// What stays in the repository's list is named by the next `gt polecat add`.
  private func forgetIfPossible(losing: Bool) async {
    do { try await forget(losing: losing) } catch {}
  }

  private func removeFiles() async throws {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      // Caches of build tools are often without the right to write.
      let command = Command("chmod", ["-R", "u+rwX", "--", path], workingDirectory: "/", deadline: .seconds(60))
      _ = try? await town.runner.run(command)
      try FileManager.default.removeItem(atPath: path)
    }
  }

  /// Takes a worktree that is gone out of the repository's list, where it would keep its place from being used again.
  ///
  /// - Parameter losing: also where its HEAD is on no branch and would be lost.
  /// - Throws: `CommandRefusal` where that would be lost.
  private func forget(losing: Bool) async throws {
    let polecats = Disk.parent(of: path)
    // What is behind a link that leads nowhere may only not be mounted.
    guard git.isThere, Disk.isDirectory(polecats) || !Disk.exists(polecats) else { return }
    for place in [path, "\(path)/\(identity.rig ?? "")"] where !Disk.exists(place) {
      guard let former = try await registered(at: place) else { continue }
      if !losing, let loss = try await loss(of: former) {
        throw CommandRefusal(
          "the directory of a former \(identity.address) is gone, and \(loss); to discard it: "
            + "git -C \(git.path) worktree remove --force --force \(place)")
      }
      try await git.run(["worktree", "remove", "--force", "--force", place])
    }
  }

  private func registered(at place: String) async throws -> RegisteredWorktree? {
    guard git.isThere, let list = try await git.line("worktree", "list", "--porcelain") else { return nil }
    return RegisteredWorktree.all(in: list).first { $0.isAt(place) }
  }

  /// What would be lost with a worktree's place in the list; `nil` for nothing.
  private func loss(of former: RegisteredWorktree) async throws -> String? {
    if former.isLocked { return "its worktree is locked (git worktree lock)" }
    guard former.isDetached, let head = former.head else { return nil }
    let holders = try await git.line("for-each-ref", "--count=1", "--contains", head)
    guard holders?.isEmpty != false else { return nil }
    return "its commit \(head.prefix(12)) is on no branch; to keep that: git -C \(git.path) branch NAME \(head)"
  }

  /// A process that was started in the polecat's session and works in its directory, known to tmux or not.
  func worker(among processes: ProcessTable) -> Int32? {
    let home = Disk.canonical(path) ?? path
    return processes.all().first { status in
      guard status.isAlive, let place = processes.workingDirectory(of: status.pid),
        place == home || place.hasPrefix("\(home)/"), let variables = processes.environment(of: status.pid)
      else { return false }
      return variables["GT_SESSION"] == identity.session
        && variables["GT_TOWN_ROOT"].map { Disk.canonical($0) ?? $0 } == town.layout.root
    }?.pid
  }

  /// What would be lost with the directory; `nil` for nothing.
  private func loss() async throws -> String? {
    guard Disk.exists("\(path)/.git") else {
      let names = try Disk.names(in: path)
      return names.isEmpty ? nil : "has files in \(path)"
    }
    _ = try? worktree.mend()
    func unreadable(_ reason: String) -> String { "has a worktree that git cannot read (\(reason))" }
    if let objection = worktree.standing.objection { return unreadable(objection) }
    if try await registered(at: path)?.isLocked == true { return "has a worktree that is locked (git worktree lock)" }
    let status = try await git.run(["status", "--porcelain"], in: path)
    guard status.succeeded else { return unreadable(status.complaint) }
    if !status.output.isEmpty { return "has changes that are not committed" }
    let unpushed = try await git.run(["rev-list", "--max-count=1", "HEAD", "--not", "--remotes"], in: path)
    guard unpushed.succeeded else { return unreadable(unpushed.complaint) }
    return unpushed.output.isEmpty ? nil : "has commits that are not pushed"
  }
}
