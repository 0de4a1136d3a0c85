// SPDX-License-Identifier: Apache-2.0

internal import Commands
internal import FoundationEssentials
internal import GastownDaemon
internal import Supervision
internal import Town
internal import TownFiles

/// A polecat's directory: a worktree of its own where the rig has a repository, a plain one elsewhere.
struct PolecatDirectory: Sendable {
  let town: OpenTown
  let identity: AgentIdentity

  private var path: String { town.layout.path(identity.directory) }
  private var repository: String { town.layout.path("\(identity.rig ?? "")/mayor/rig") }
  private var branch: String { "polecat/\(identity.name ?? "")" }

  /// - Returns: whether it was made; `false` where it was there already.
  func make() async throws -> Bool {
    if Disk.isDirectory(path) { return false }
    // What is in it from here on is ours, and goes again where git fails: half a worktree would be taken for a whole
    // one by whoever tries once more.
    guard try Disk.makeNewDirectory(path) else {
      if Disk.isDirectory(path) { return false }
      throw TownFileError(.unwritable, path: path, reason: "something is there that is no directory")
    }
    guard Disk.exists("\(repository)/.git") else { return true }
    do {
      let isKnownBranch = try await git(["rev-parse", "--verify", "--quiet", "refs/heads/\(branch)"]).succeeded
      let arguments = ["worktree", "add", "--quiet"] + (isKnownBranch ? [path, branch] : ["-b", branch, path])
      let result = try await git(arguments)
      guard result.succeeded else { throw CommandRefusal("git worktree add failed: \(result.complaint)") }
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      _ = try? await git(["worktree", "prune"])
      throw error
    }
    return true
  }

  /// - Throws: `CommandRefusal` where something would be lost and `force` is not given.
  func remove(force: Bool) async throws {
    guard Disk.exists(path) else { return }
    // git would follow a link, and remove somebody else's worktree. With the link itself nothing is lost.
    if Disk.isLink(path) { return try Disk.remove(path) }
    let isWorktree = Disk.exists("\(path)/.git")
    if !force, let loss = try await loss(isWorktree: isWorktree) {
      throw CommandRefusal(
        "\(identity.address) \(loss); to throw that away: gt polecat remove \(identity.address) --force")
    }
    if isWorktree, Disk.exists("\(repository)/.git") {
      let result = try await git(["worktree", "remove", "--force", path])
      guard result.succeeded else { throw CommandRefusal("git worktree remove failed: \(result.complaint)") }
      return
    }
    try FileManager.default.removeItem(atPath: path)
  }

  /// What would be lost with the directory; `nil` for nothing.
  private func loss(isWorktree: Bool) async throws -> String? {
    guard isWorktree else {
      let names = try Disk.names(in: path)
      return names.isEmpty ? nil : "has files in \(path)"
    }
    let status = try await git(["-C", path, "status", "--porcelain"])
    guard status.succeeded else { return "has a worktree that git cannot read (\(status.complaint))" }
    if !status.output.isEmpty { return "has changes that are not committed" }
    let unpushed = try await git(["-C", path, "rev-list", "--max-count=1", "HEAD", "--not", "--remotes"])
    guard unpushed.succeeded else { return "has a worktree that git cannot read (\(unpushed.complaint))" }
    return unpushed.output.isEmpty ? nil : "has commits that are not pushed"
  }

  private func git(_ arguments: [String]) async throws -> CommandResult {
    let directory = Disk.isDirectory(repository) ? repository : town.layout.root
    return try await town.runner.run(
      Command(
        "git", arguments, environment: ChildEnvironment.scrubbed(town.environment), workingDirectory: directory,
        deadline: .seconds(120)))
  }
}
